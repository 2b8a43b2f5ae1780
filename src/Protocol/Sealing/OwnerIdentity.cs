using System.Security.Cryptography;

namespace Trident.Protocol.Sealing;

/// <summary>
/// The data owner's long-term X25519 key. Who has it may change rows of tables that allow it; nothing else rests on it. Kept in a
/// file that only its owner can read. Its public half is in parties.json.
/// </summary>
public sealed class OwnerIdentity : IDisposable
{
    private readonly Secret _privateKey;
    private readonly byte[] _publicKey;

    private OwnerIdentity(Guid deployment, byte[] privateKey)
    {
        Deployment = deployment;
        _publicKey = Curve.PublicKeyOf(privateKey);
        _privateKey = new Secret(privateKey);
    }

    /// <summary>The deployment that the key was made for.</summary>
    public Guid Deployment { get; }

    /// <summary>The public key, 32 bytes.</summary>
    public byte[] PublicKey => (byte[])_publicKey.Clone();

    /// <summary>A fresh identity.</summary>
    public static OwnerIdentity Generate(Guid deployment) => new(deployment, Curve.NewPrivateKey());

    /// <summary>Reads an identity.</summary>
    /// <exception cref="IdentityException">Missing, malformed, a party's, or readable by others than its owner.</exception>
    public static OwnerIdentity Load(string path)
    {
        (int holder, Guid deployment, byte[] privateKey) = IdentityFile.Read(path);
        if (holder != IdentityFile.Owner)
        {
            CryptographicOperations.ZeroMemory(privateKey);
            throw new IdentityException($"The identity at {path} is party {holder}'s, not the data owner's; the data owner's is in owner/identity.json.");
        }

        return new OwnerIdentity(deployment, privateKey);
    }

    /// <summary>Writes the identity to a new file that only its owner can read (mode 0600).</summary>
    /// <exception cref="IdentityException">There is a file already (an identity is never overwritten), or it cannot be written.</exception>
    public void Save(string path)
    {
        byte[] key = new byte[Curve.KeyBytes];
        _privateKey.CopyTo(key);
        try
        {
            IdentityFile.Write(path, IdentityFile.Owner, Deployment, key, _publicKey);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>What seals this owner's changes to a party.</summary>
    /// <exception cref="IdentityException">The party's key agrees on nothing secret.</exception>
    public ChangeSeal SealTo(PartyEndpoint party)
    {
        byte[] key = new byte[Curve.KeyBytes];
        _privateKey.CopyTo(key);
        try
        {
            return ChangeSeal.Derive(key, party.PublicKeyBytes(), Deployment, party.Party);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Zeroes the private key.</summary>
    public void Dispose() => _privateKey.Dispose();
}
