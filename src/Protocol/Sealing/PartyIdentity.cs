using System.Security.Cryptography;
using Trident.Protocol.Sharing;

namespace Trident.Protocol.Sealing;

/// <summary>
/// A party's long-term X25519 key. Everything secret between parties, and between clients and this party, rests on it; it is
/// kept in a file that only its owner can read.
/// </summary>
public sealed class PartyIdentity : IDisposable
{
    private readonly Secret _privateKey;
    private readonly byte[] _publicKey;

    internal PartyIdentity(int party, Guid deployment, byte[] privateKey)
    {
        if (party is < 1 or > 3)
        {
            throw new IdentityException($"A party is 1, 2 or 3, not {party}.");
        }

        (Party, Deployment) = (party, deployment);
        _publicKey = Curve.PublicKeyOf(privateKey);
        _privateKey = new Secret(privateKey);
    }

    /// <summary>The party, 1 to 3.</summary>
    public int Party { get; }

    /// <summary>The deployment that the key was made for.</summary>
    public Guid Deployment { get; }

    /// <summary>The public key, 32 bytes.</summary>
    public byte[] PublicKey => (byte[])_publicKey.Clone();

    /// <summary>A fresh identity.</summary>
    /// <exception cref="IdentityException">The party is not of 1 to 3.</exception>
    public static PartyIdentity Generate(int party, Guid deployment) => new(party, deployment, Curve.NewPrivateKey());

    /// <summary>Reads an identity.</summary>
    /// <exception cref="IdentityException">Missing, malformed, or readable by others than its owner.</exception>
    public static PartyIdentity Load(string path)
    {
        (int holder, Guid deployment, byte[] privateKey) = IdentityFile.Read(path);
        if (holder == IdentityFile.Owner)
        {
            CryptographicOperations.ZeroMemory(privateKey);
            throw new IdentityException($"The identity at {path} is the data owner's, not a party's; parties' are in party-1 to party-3.");
        }

        return new PartyIdentity(holder, deployment, privateKey);
    }

    /// <summary>Writes the identity to a new file that only its owner can read (mode 0600).</summary>
    /// <exception cref="IdentityException">There is a file already (an identity is never overwritten), or it cannot be written.</exception>
    public void Save(string path)
    {
        byte[] key = CopyPrivateKey();
        try
        {
            IdentityFile.Write(path, Party, Deployment, key, _publicKey);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>
    /// The secrets with the two peers: HKDF-SHA256 of the X25519 agreement of the static keys, without salt, with info
    /// "trident pair v1" || deployment || lower party || higher party. Both ends derive the same.
    /// </summary>
    /// <exception cref="IdentityException">The description is of another deployment, or gives this party another key.</exception>
    public PairKeys DerivePairKeys(PartiesDescriptor all)
    {
        all.Validate();
        if (all.Deployment != Deployment)
        {
            throw new IdentityException(
                $"This identity is of deployment {Deployment:D}, the description of {all.Deployment:D}; take both from one deployment.");
        }

        if (!CryptographicOperations.FixedTimeEquals(all[Party].PublicKeyBytes(), _publicKey))
        {
            throw new IdentityException(
                $"The description gives party {Party} another public key than this identity's; one of the two files is of another time.");
        }

        int lower = Party == 1 ? 2 : 1;
        int higher = Party == 3 ? 2 : 3;
        return new PairKeys(Party, DerivePair(lower, all[lower]), DerivePair(higher, all[higher]));
    }

    /// <summary>What opens the data owner's changes that are sealed to this party.</summary>
    /// <param name="ownerKey">The owner's public key, 32 bytes.</param>
    /// <exception cref="IdentityException">The key agrees on nothing secret.</exception>
    public ChangeSeal DeriveChangeSeal(byte[] ownerKey)
    {
        byte[] key = CopyPrivateKey();
        try
        {
            return ChangeSeal.Derive(key, ownerKey, Deployment, Party);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Zeroes the private key.</summary>
    public void Dispose() => _privateKey.Dispose();

    /// <summary>A recipient's HPKE context on this key.</summary>
    internal RecipientContext SetupRecipient(byte[] enc, byte[] info)
    {
        byte[] key = CopyPrivateKey();
        try
        {
            return Hpke.SetupRecipient(enc, key, info);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private byte[] DerivePair(int peer, PartyEndpoint endpoint)
    {
        byte[] key = CopyPrivateKey();
        byte[] agreed = [];
        try
        {
            agreed = Curve.Agree(key, endpoint.PublicKeyBytes());
            byte[] info =
            [
                .. "trident pair v1"u8, .. Deployment.ToByteArray(bigEndian: true),
                (byte)Math.Min(Party, peer), (byte)Math.Max(Party, peer),
            ];
            return HKDF.DeriveKey(HashAlgorithmName.SHA256, agreed, PairKeys.KeyBytes, salt: null, info);
        }
        catch (SealingException e)
        {
            throw new IdentityException($"No secret can be agreed with party {peer}: {e.Message}", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
            CryptographicOperations.ZeroMemory(agreed);
        }
    }

    private byte[] CopyPrivateKey()
    {
        byte[] key = new byte[Curve.KeyBytes];
        _privateKey.CopyTo(key);
        return key;
    }
}
