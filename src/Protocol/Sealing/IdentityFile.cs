using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;

namespace Trident.Protocol.Sealing;

/// <summary>
/// identity.json: { format, party, deployment, publicKey, privateKey }; the data owner's has party 0. Read and written over byte buffers, not strings:
/// buffers can be zeroed.
/// </summary>
internal static class IdentityFile
{
    /// <summary>In place of a party's number: the data owner.</summary>
    public const int Owner = 0;

    private const int Format = 1;
    private const int MaxBytes = 4096;

    private const UnixFileMode OthersMay =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    public static void Write(string path, int party, Guid deployment, byte[] privateKey, byte[] publicKey)
    {
        // Large enough from the start: a buffer that grows leaves copies of the key behind.
        ArrayBufferWriter<byte> buffer = new(MaxBytes);
        bool created = false;
        try
        {
            using (Utf8JsonWriter json = new(buffer, new JsonWriterOptions { Indented = true }))
            {
                json.WriteStartObject();
                json.WriteNumber("format", Format);
                json.WriteNumber("party", party);
                json.WriteString("deployment", deployment);
                json.WriteBase64String("publicKey", publicKey);
                json.WriteBase64String("privateKey", privateKey);
                json.WriteEndObject();
            }

            FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using FileStream file = new(path, options);
            created = true;
            file.Write(buffer.WrittenSpan);
            file.Flush(flushToDisk: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            bool existed = !created && File.Exists(path);
            if (created)
            {
                File.Delete(path);
            }

            throw new IdentityException(
                existed
                    ? $"There is an identity at {path} already, and an identity is never overwritten; choose another directory."
                    : $"The identity cannot be written to {path}: {e.Message}",
                e);
        }
        finally
        {
            buffer.Clear();
        }
    }

    public static (int Holder, Guid Deployment, byte[] PrivateKey) Read(string path)
    {
        byte[] bytes = [];
        try
        {
            using FileStream file = new(path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, BufferSize = 0 });
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file.SafeFileHandle) & OthersMay) != 0)
            {
                throw new IdentityException($"The identity at {path} is open to others than its owner; set its mode to 0600.");
            }

            if (file.Length > MaxBytes)
            {
                throw new IdentityException($"The file at {path} is too large for an identity ({file.Length} bytes).");
            }

            bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return Parse(bytes);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new IdentityException($"There is no identity at {path}; initialise the deployment, or name its directory.", e);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            throw new IdentityException($"The identity at {path} is damaged: {e.Message} Restore it from its copy.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IdentityException($"The identity at {path} cannot be read: {e.Message}", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private static (int Holder, Guid Deployment, byte[] PrivateKey) Parse(ReadOnlySpan<byte> bytes)
    {
        int format = 0, party = -1;
        Guid deployment = Guid.Empty;
        byte[] publicKey = [], privateKey = [];
        bool handedOver = false;
        try
        {
            Utf8JsonReader json = new(bytes);
            json.Read();
            Expect(json.TokenType == JsonTokenType.StartObject, "it is not a JSON object.");
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                string name = json.GetString()!;
                json.Read();
                switch (name)
                {
                    case "format": format = json.GetInt32(); break;
                    case "party": party = json.GetInt32(); break;
                    case "deployment": deployment = json.GetGuid(); break;
                    case "publicKey": publicKey = json.GetBytesFromBase64(); break;
                    case "privateKey":
                        CryptographicOperations.ZeroMemory(privateKey);
                        privateKey = json.GetBytesFromBase64();
                        break;
                    default: json.Skip(); break;
                }
            }

            Expect(json.TokenType == JsonTokenType.EndObject && !json.Read(), "it does not end as an object.");
            Expect(format == Format, $"format {format} is not known here, only {Format}.");
            Expect(party is >= Owner and <= 3, $"party {party} does not exist.");
            Expect(deployment != Guid.Empty, "it names no deployment.");
            Expect(privateKey.Length == Curve.KeyBytes, $"the private key has {privateKey.Length} bytes instead of {Curve.KeyBytes}.");
            Expect(publicKey.AsSpan().SequenceEqual(Curve.PublicKeyOf(privateKey)), "its two keys do not belong together.");
            handedOver = true;
            return (party, deployment, privateKey);
        }
        finally
        {
            if (!handedOver)
            {
                CryptographicOperations.ZeroMemory(privateKey);
            }
        }
    }

    private static void Expect(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new FormatException(otherwise);
        }
    }
}
