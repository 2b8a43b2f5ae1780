using System.Text.Json;
using System.Text.Json.Serialization;

namespace Trident.Protocol.Sealing;

/// <summary>Where a party is reached, and its X25519 public key in base64.</summary>
public sealed record PartyEndpoint(int Party, string Host, int SiloPort, int GatewayPort, int ExchangePort, string PublicKey)
{
    /// <summary>The public key's 32 bytes.</summary>
    /// <exception cref="IdentityException">It is not base64 of 32 bytes.</exception>
    public byte[] PublicKeyBytes()
    {
        byte[] key = new byte[Curve.KeyBytes + 3];
        return PublicKey is not null && Convert.TryFromBase64String(PublicKey, key, out int length) && length == Curve.KeyBytes
            ? key[..length]
            : throw new IdentityException(
                $"Party {Party}'s public key is not base64 of {Curve.KeyBytes} bytes; take it again from that party's identity.");
    }
}

/// <summary>The public description of a deployment (parties.json): the same file at every party and client.</summary>
public sealed record PartiesDescriptor(int Format, Guid Deployment, PartyEndpoint[] Parties)
{
    /// <summary>The format that this version writes and reads.</summary>
    public const int CurrentFormat = 1;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>The data owner's X25519 public key in base64; null in a deployment whose tables cannot be changed, as older ones are.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Owner { get; init; }

    /// <summary>The name of the deployment's cluster, by which silos and clients find each other.</summary>
    public static string ClusterIdOf(Guid deployment) => "trident-" + deployment.ToString("N");

    /// <summary>The endpoint of a party, 1 to 3.</summary>
    /// <exception cref="IdentityException">The description has no such party.</exception>
    public PartyEndpoint this[int party] => Array.Find(Parties, p => p.Party == party)
        ?? throw new IdentityException($"The description of the parties has no party {party}; there are 1, 2 and 3.");

    /// <summary>Reads and validates a description.</summary>
    /// <exception cref="IdentityException">It is missing, unreadable, or does not describe three parties.</exception>
    public static PartiesDescriptor Load(string path)
    {
        try
        {
            PartiesDescriptor? read = JsonSerializer.Deserialize<PartiesDescriptor>(File.ReadAllBytes(path), Json);
            if (read is null)
            {
                throw new IdentityException("it is empty");
            }

            read.Validate();
            return read;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new IdentityException($"There is no description of the parties at {path}; initialise the deployment first.", e);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or IdentityException)
        {
            throw new IdentityException($"The description of the parties at {path} cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Writes the description, replacing what was there in one rename.</summary>
    /// <exception cref="IdentityException">It does not describe three parties.</exception>
    public void Save(string path)
    {
        Validate();
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (FileStream file = new(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                file.Write(JsonSerializer.SerializeToUtf8Bytes(this, Json));
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Checks that three distinct, reachable parties are described.</summary>
    /// <exception cref="IdentityException">The message says what is wrong.</exception>
    public void Validate()
    {
        Require(Format == CurrentFormat, $"Format {Format} is not known here; this version reads format {CurrentFormat}.");
        Require(Deployment != Guid.Empty, "The deployment has no id.");
        Require(Parties is { Length: 3 } && Array.TrueForAll(Parties, p => p is not null), "There must be three parties.");
        HashSet<string> keys = [];
        HashSet<(string Host, int Port)> sockets = [];
        for (int party = 1; party <= 3; party++)
        {
            PartyEndpoint endpoint = this[party];
            Require(!string.IsNullOrWhiteSpace(endpoint.Host), $"Party {party} has no host.");
            Require(keys.Add(Convert.ToHexString(endpoint.PublicKeyBytes())), $"Party {party} has another party's public key.");
            foreach (int port in (int[])[endpoint.SiloPort, endpoint.GatewayPort, endpoint.ExchangePort])
            {
                Require(port is > 0 and <= 65535, $"Party {party} has port {port}; ports are 1 to 65535.");
                Require(sockets.Add((endpoint.Host, port)), $"Port {port} on {endpoint.Host} is given twice; every port needs its own.");
            }
        }

        Require(OwnerKeyBytes() is not { } owner || keys.Add(Convert.ToHexString(owner)), "The data owner has a party's public key.");
    }

    /// <summary>The data owner's public key, 32 bytes; null when there is none.</summary>
    /// <exception cref="IdentityException">It is not base64 of 32 bytes.</exception>
    public byte[]? OwnerKeyBytes()
    {
        if (Owner is null)
        {
            return null;
        }

        byte[] key = new byte[Curve.KeyBytes + 3];
        return Convert.TryFromBase64String(Owner, key, out int length) && length == Curve.KeyBytes
            ? key[..length]
            : throw new IdentityException($"The data owner's public key is not base64 of {Curve.KeyBytes} bytes; take it again from owner/identity.json.");
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new IdentityException(otherwise);
        }
    }
}
