using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Trident.Protocol.Sealing;

/// <summary>A change of one row, as the data owner seals it to a party.</summary>
/// <param name="Revision">The revision that the table must have before the change.</param>
/// <param name="Row">The row, from 0.</param>
/// <param name="Words">The party's share of the new row.</param>
public sealed record RowChange(long Revision, int Row, uint[] Words);

/// <summary>
/// Seals and opens changes between the data owner and one party: AES-256-GCM under HKDF-SHA256 of the X25519 secret of their static
/// keys, info "trident owner v1" || deployment || party. Only these two have the key, so what opens is the owner's.
/// </summary>
/// <remarks>
/// Layout: nonce (12, random) | ciphertext of revision (8) | row (4) | words, little endian | tag (16). The associated data is
/// "trident put v1" || party || table version || transaction. Random nonces bear some 2³² changes under one key. No forward secrecy.
/// </remarks>
public sealed class ChangeSeal : IDisposable
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int Prefix = sizeof(long) + sizeof(int);

    private readonly Secret _key;
    private readonly int _party;

    private ChangeSeal(byte[] key, int party) => (_key, _party) = (new Secret(key), party);

    /// <summary>Bytes of a sealed change of a row of so many words.</summary>
    public static int SealedBytes(int words) => NonceBytes + Prefix + words * sizeof(uint) + TagBytes;

    /// <summary>Seals a change.</summary>
    public byte[] Seal(RowChange change, Guid tableVersion, Guid transaction)
    {
        byte[] plaintext = new byte[Prefix + change.Words.Length * sizeof(uint)];
        BinaryPrimitives.WriteInt64LittleEndian(plaintext, change.Revision);
        BinaryPrimitives.WriteInt32LittleEndian(plaintext.AsSpan(sizeof(long)), change.Row);
        MemoryMarshal.AsBytes(change.Words.AsSpan()).CopyTo(plaintext.AsSpan(Prefix));
        byte[] bytes = new byte[SealedBytes(change.Words.Length)];
        RandomNumberGenerator.Fill(bytes.AsSpan(0, NonceBytes));
        using AesGcm cipher = Cipher();
        cipher.Encrypt(bytes.AsSpan(0, NonceBytes), plaintext, bytes.AsSpan(NonceBytes, plaintext.Length), bytes.AsSpan(NonceBytes + plaintext.Length),
            Aad(tableVersion, transaction));
        CryptographicOperations.ZeroMemory(plaintext);
        return bytes;
    }

    /// <summary>Opens a change of a row of so many words.</summary>
    /// <exception cref="SealingException">Of another length, altered, not the owner's, or for another party, table or transaction.</exception>
    public RowChange Open(ReadOnlySpan<byte> bytes, int words, Guid tableVersion, Guid transaction)
    {
        if (bytes.Length != SealedBytes(words))
        {
            throw new SealingException($"The sealed change has {bytes.Length} bytes; one of a row of {words} words has {SealedBytes(words)}.");
        }

        byte[] plaintext = new byte[bytes.Length - NonceBytes - TagBytes];
        using AesGcm cipher = Cipher();
        try
        {
            cipher.Decrypt(bytes[..NonceBytes], bytes[NonceBytes..^TagBytes], bytes[^TagBytes..], plaintext, Aad(tableVersion, transaction));
            return new RowChange(BinaryPrimitives.ReadInt64LittleEndian(plaintext), BinaryPrimitives.ReadInt32LittleEndian(plaintext.AsSpan(sizeof(long))),
                MemoryMarshal.Cast<byte, uint>(plaintext.AsSpan(Prefix)).ToArray());
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw new SealingException("The change does not open: it was altered, is not the data owner's, or is for another party, table or transaction.", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plaintext);
        }
    }

    /// <summary>Zeroes the key.</summary>
    public void Dispose() => _key.Dispose();

    /// <summary>The seal between a private key's holder and a public key's.</summary>
    internal static ChangeSeal Derive(byte[] privateKey, byte[] publicKey, Guid deployment, int party)
    {
        byte[] agreed = [];
        try
        {
            agreed = Curve.Agree(privateKey, publicKey);
            byte[] info = [.. "trident owner v1"u8, .. deployment.ToByteArray(bigEndian: true), (byte)party];
            return new ChangeSeal(HKDF.DeriveKey(HashAlgorithmName.SHA256, agreed, 32, salt: null, info), party);
        }
        catch (SealingException e)
        {
            throw new IdentityException($"No secret can be agreed between the data owner and party {party}: {e.Message}", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(agreed);
        }
    }

    private AesGcm Cipher()
    {
        Span<byte> key = stackalloc byte[32];
        _key.CopyTo(key);
        AesGcm cipher = new(key, TagBytes);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }

    private byte[] Aad(Guid tableVersion, Guid transaction) =>
        [.. "trident put v1"u8, (byte)_party, .. tableVersion.ToByteArray(bigEndian: true), .. transaction.ToByteArray(bigEndian: true)];
}
