using System.Security.Cryptography;
using System.Text.Json;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;
using Trident.Protocol.Sharing;

namespace Trident.Protocol.Sealing;

/// <summary>A party's private identity is missing, unreadable, or not that of the descriptor.</summary>
public sealed class IdentityException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A party's static X25519 key. From it come the secrets that it shares with each peer, and clients seal to it.</summary>
public sealed class PartyIdentity : IDisposable
{
    private const int Format = 1;
    private readonly byte[] _private;
    private readonly X25519PrivateKeyParameters _key;

    private PartyIdentity(int party, Guid deployment, byte[] privateKey)
    {
        (Party, Deployment, _private) = (party, deployment, privateKey);
        _key = new X25519PrivateKeyParameters(privateKey);
        PublicKey = _key.GeneratePublicKey().GetEncoded();
    }

    /// <summary>The party.</summary>
    public int Party { get; }

    /// <summary>The deployment that it belongs to.</summary>
    public Guid Deployment { get; }

    /// <summary>The public key, 32 bytes.</summary>
    public byte[] PublicKey { get; }

    /// <summary>Draws a new identity.</summary>
    public static PartyIdentity Generate(int party, Guid deployment) =>
        party is < 1 or > 3
            ? throw new ArgumentException($"There is no party {party}: parties are 1, 2 and 3.")
            : new PartyIdentity(party, deployment, new X25519PrivateKeyParameters(new SecureRandom()).GetEncoded());

    /// <summary>Writes the identity to a new file that only its owner can read.</summary>
    public void Save(string path)
    {
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using FileStream file = new(path, options);
        JsonSerializer.Serialize(file, new Stored(Format, Party, Deployment, Convert.ToBase64String(_private)), JsonSerializerOptions.Web);
    }

    /// <summary>Reads an identity.</summary>
    /// <exception cref="IdentityException">It is missing, damaged, or readable by others.</exception>
    public static PartyIdentity Load(string path)
    {
        if (!File.Exists(path))
        {
            throw new IdentityException($"The private identity {path} is missing; 'trident init' makes it, and it must be copied to its party alone.");
        }

        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) != 0)
        {
            throw new IdentityException($"The private identity {path} can be read by others; run 'chmod 600' on it.");
        }

        try
        {
            Stored stored = JsonSerializer.Deserialize<Stored>(File.ReadAllBytes(path), JsonSerializerOptions.Web)!;
            byte[] key = Convert.FromBase64String(stored.PrivateKey);
            return stored.Format == Format && stored.Party is >= 1 and <= 3 && key.Length == 32
                ? new PartyIdentity(stored.Party, stored.Deployment, key)
                : throw new IdentityException($"The private identity {path} has format {stored.Format}, party {stored.Party} and a key of {key.Length} bytes; "
                    + $"format {Format}, a party of 1 to 3 and 32 bytes belong there.");
        }
        catch (Exception e) when (e is JsonException or FormatException or NullReferenceException or ArgumentNullException)
        {
            throw new IdentityException($"The private identity {path} is damaged: it is not the JSON that 'trident init' wrote.", e);
        }
    }

    /// <summary>The secrets shared with each peer: HKDF-SHA256 over X25519 of the static keys, bound to deployment and pair.</summary>
    /// <exception cref="IdentityException">The descriptor does not hold this party's key.</exception>
    public PairKeys DerivePairKeys(PartiesDescriptor all)
    {
        if (!CryptographicOperations.FixedTimeEquals(Convert.FromBase64String(all[Party].PublicKey), PublicKey))
        {
            throw new IdentityException($"The public key of party {Party} in the descriptor is not that of its private identity; one of the two files is of another deployment.");
        }

        return new PairKeys(Party, PairSecret(all, Party == 1 ? 2 : 1), PairSecret(all, Party == 3 ? 2 : 3));
    }

    /// <summary>The recipient's HPKE context for an encapsulated key.</summary>
    public HpkeContext SetupRecipient(byte[] encapsulated) => Hpke.SetupRecipient(encapsulated, _key, SealKeys.Info(Party, Deployment));

    /// <summary>Zeroes this object's copy of the private key.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_private);

    private byte[] PairSecret(PartiesDescriptor all, int peer)
    {
        byte[] shared = new byte[32];
        _key.GenerateSecret(new X25519PublicKeyParameters(Convert.FromBase64String(all[peer].PublicKey)), shared, 0);
        byte[] info = [.. "trident pair v1"u8, .. Deployment.ToByteArray(bigEndian: true), (byte)Math.Min(Party, peer), (byte)Math.Max(Party, peer)];
        byte[] secret = HKDF.DeriveKey(HashAlgorithmName.SHA256, shared, 32, null, info);
        CryptographicOperations.ZeroMemory(shared);
        return secret;
    }

    private sealed record Stored(int Format, int Party, Guid Deployment, string PrivateKey);
}
