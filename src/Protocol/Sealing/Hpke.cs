using System.Buffers.Binary;
using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;

namespace Trident.Protocol.Sealing;

/// <summary>
/// HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-128-GCM.
/// </summary>
/// <remarks>
/// No .NET library that implements the RFC could be had when this was written, so its key schedule (sections 4.1 and 5.1) is ours;
/// X25519 is BouncyCastle's, HKDF and AES-GCM the platform's. The RFC's own vectors are a test. To be replaced by the platform's
/// HPKE once it ships.
/// </remarks>
public static class Hpke
{
    private static readonly byte[] KemSuite = [.. "KEM"u8, 0, 0x20];
    private static readonly byte[] Suite = [.. "HPKE"u8, 0, 0x20, 0, 1, 0, 1];

    /// <summary>SetupBaseS: a context to the holder of the private key of <paramref name="publicKey"/>, and the encapsulated key.</summary>
    public static (byte[] Encapsulated, HpkeContext Context) SetupSender(byte[] publicKey, ReadOnlySpan<byte> info, X25519PrivateKeyParameters? ephemeral = null)
    {
        X25519PrivateKeyParameters key = ephemeral ?? new X25519PrivateKeyParameters(new SecureRandom());
        byte[] encapsulated = key.GeneratePublicKey().GetEncoded();
        byte[] shared = new byte[32];
        key.GenerateSecret(new X25519PublicKeyParameters(publicKey), shared, 0);
        return (encapsulated, Schedule(Extract(shared, encapsulated, publicKey), info));
    }

    /// <summary>SetupBaseR: the recipient's context.</summary>
    /// <exception cref="SealingException">The encapsulated key is no X25519 key.</exception>
    public static HpkeContext SetupRecipient(byte[] encapsulated, X25519PrivateKeyParameters privateKey, ReadOnlySpan<byte> info)
    {
        byte[] shared = new byte[32];
        try
        {
            privateKey.GenerateSecret(new X25519PublicKeyParameters(encapsulated), shared, 0);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            throw new SealingException("The encapsulated key of the request is no X25519 public key.", e);
        }

        return Schedule(Extract(shared, encapsulated, privateKey.GeneratePublicKey().GetEncoded()), info);
    }

    private static byte[] Extract(byte[] shared, byte[] encapsulated, byte[] publicKey)
    {
        byte[] prk = LabeledExtract(KemSuite, [], "eae_prk"u8, shared);
        byte[] secret = LabeledExpand(KemSuite, prk, "shared_secret"u8, [.. encapsulated, .. publicKey], 32);
        CryptographicOperations.ZeroMemory(shared);
        CryptographicOperations.ZeroMemory(prk);
        return secret;
    }

    private static HpkeContext Schedule(byte[] shared, ReadOnlySpan<byte> info)
    {
        byte[] context = [0, .. LabeledExtract(Suite, [], "psk_id_hash"u8, []), .. LabeledExtract(Suite, [], "info_hash"u8, info)];
        byte[] secret = LabeledExtract(Suite, shared, "secret"u8, []);
        HpkeContext made = new(
            LabeledExpand(Suite, secret, "key"u8, context, 16),
            LabeledExpand(Suite, secret, "base_nonce"u8, context, 12),
            LabeledExpand(Suite, secret, "exp"u8, context, 32));
        CryptographicOperations.ZeroMemory(shared);
        CryptographicOperations.ZeroMemory(secret);
        return made;
    }

    private static byte[] LabeledExtract(byte[] suite, byte[] salt, ReadOnlySpan<byte> label, ReadOnlySpan<byte> ikm) =>
        HKDF.Extract(HashAlgorithmName.SHA256, [.. "HPKE-v1"u8, .. suite, .. label, .. ikm], salt);

    private static byte[] LabeledExpand(byte[] suite, byte[] prk, ReadOnlySpan<byte> label, ReadOnlySpan<byte> info, int length)
    {
        byte[] labeled = [0, 0, .. "HPKE-v1"u8, .. suite, .. label, .. info];
        BinaryPrimitives.WriteUInt16BigEndian(labeled, (ushort)length);
        return HKDF.Expand(HashAlgorithmName.SHA256, prk, length, labeled);
    }

    internal static byte[] Export(byte[] exporter, ReadOnlySpan<byte> context, int length) =>
        LabeledExpand(Suite, exporter, "sec"u8, context, length);
}

/// <summary>An HPKE context. Seal and open count messages as the RFC says; not for concurrent use.</summary>
public sealed class HpkeContext : IDisposable
{
    private const int TagSize = 16;
    private readonly byte[] _key, _baseNonce, _exporter;
    private ulong _sequence;

    internal HpkeContext(byte[] key, byte[] baseNonce, byte[] exporter) => (_key, _baseNonce, _exporter) = (key, baseNonce, exporter);

    /// <summary>Seals the next message: <c>ciphertext | tag</c>.</summary>
    public byte[] Seal(ReadOnlySpan<byte> aad, ReadOnlySpan<byte> plaintext)
    {
        byte[] sealedBytes = new byte[plaintext.Length + TagSize];
        using AesGcm aes = new(_key, TagSize);
        aes.Encrypt(NextNonce(), plaintext, sealedBytes.AsSpan(0, plaintext.Length), sealedBytes.AsSpan(plaintext.Length), aad);
        return sealedBytes;
    }

    /// <summary>Opens the next message.</summary>
    /// <exception cref="SealingException">It is not authentic.</exception>
    public byte[] Open(ReadOnlySpan<byte> aad, ReadOnlySpan<byte> ciphertextAndTag)
    {
        if (ciphertextAndTag.Length < TagSize)
        {
            throw new SealingException("The sealed message is cut short.");
        }

        byte[] plaintext = new byte[ciphertextAndTag.Length - TagSize];
        using AesGcm aes = new(_key, TagSize);
        try
        {
            aes.Decrypt(NextNonce(), ciphertextAndTag[..^TagSize], ciphertextAndTag[^TagSize..], plaintext, aad);
            return plaintext;
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw new SealingException("The sealed message is not authentic.", e);
        }
    }

    /// <summary>A secret of <paramref name="length"/> bytes for other uses (RFC 9180, section 5.3).</summary>
    public byte[] Export(ReadOnlySpan<byte> context, int length) => Hpke.Export(_exporter, context, length);

    /// <summary>Zeroes the secrets.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_key);
        CryptographicOperations.ZeroMemory(_baseNonce);
        CryptographicOperations.ZeroMemory(_exporter);
    }

    private byte[] NextNonce()
    {
        byte[] nonce = [.. _baseNonce];
        ulong sequence = _sequence++;
        for (int i = 0; i < 8; i++)
        {
            nonce[11 - i] ^= (byte)(sequence >> (8 * i));
        }

        return nonce;
    }
}

/// <summary>Something sealed does not open. The message says why.</summary>
public sealed class SealingException(string message, Exception? inner = null) : Exception(message, inner);
