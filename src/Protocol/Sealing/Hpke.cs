using System.Security.Cryptography;

namespace Trident.Protocol.Sealing;

/// <summary>
/// HPKE (RFC 9180), base mode, suite DHKEM(X25519, HKDF-SHA256) / HKDF-SHA256 / AES-128-GCM. Only the key schedule is
/// written here (the cryptography library in use offers no HPKE): curve, HKDF and AES-GCM come from BouncyCastle and from
/// the platform. Held to the RFC's own vectors.
/// </summary>
public static class Hpke
{
    /// <summary>Length of the encapsulated key in bytes.</summary>
    public const int EncBytes = Curve.KeyBytes;

    /// <summary>A context to seal to the holder of <paramref name="pkR"/>. Asymmetric work: two scalar multiplications.</summary>
    /// <param name="pkR">The recipient's public key, 32 bytes.</param>
    /// <param name="info">What the context is for; the recipient must give the same.</param>
    /// <exception cref="SealingException">The key has another size, or is of low order.</exception>
    public static SenderContext SetupSender(byte[] pkR, byte[] info)
    {
        byte[] ephemeral = Curve.NewPrivateKey();
        try
        {
            return SetupSender(pkR, info, ephemeral);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(ephemeral);
        }
    }

    /// <summary>The same with a given ephemeral key: for known-answer tests only, as a key used twice repeats nonces.</summary>
    internal static SenderContext SetupSender(byte[] pkR, byte[] info, byte[] ephemeral)
    {
        byte[] dh = Curve.Agree(ephemeral, pkR);
        byte[] enc = Curve.PublicKeyOf(ephemeral);
        return new SenderContext(enc, HpkeSchedule.Keys(HpkeSchedule.SharedSecret(dh, enc, pkR), info));
    }

    /// <summary>The recipient's context for what a sender encapsulated.</summary>
    /// <param name="enc">The encapsulated key, 32 bytes, as received.</param>
    /// <param name="skR">The recipient's private key, 32 bytes.</param>
    /// <param name="info">What the context is for; must be what the sender gave.</param>
    /// <exception cref="SealingException">A key has another size, or is of low order.</exception>
    public static RecipientContext SetupRecipient(byte[] enc, byte[] skR, byte[] info)
    {
        byte[] dh = Curve.Agree(skR, enc);
        return new RecipientContext(HpkeSchedule.Keys(HpkeSchedule.SharedSecret(dh, enc, Curve.PublicKeyOf(skR)), info));
    }
}

/// <summary>What sender and recipient of one HPKE context have in common. Not thread-safe: messages are in order.</summary>
public abstract class HpkeContext : IDisposable
{
    /// <summary>Bytes that sealing adds.</summary>
    public const int TagBytes = 16;

    private readonly byte[] _exporterSecret;
    private readonly byte[] _baseNonce;
    private readonly AesGcm _aead;
    private ulong _sequence;
    private bool _disposed;

    private protected HpkeContext((byte[] Key, byte[] BaseNonce, byte[] ExporterSecret) keys)
    {
        _aead = new AesGcm(keys.Key, TagBytes);
        CryptographicOperations.ZeroMemory(keys.Key);
        _baseNonce = keys.BaseNonce;
        _exporterSecret = keys.ExporterSecret;
    }

    /// <summary>A secret of <paramref name="length"/> bytes (1 to 8,160) that both sides know (RFC 9180, 5.3).</summary>
    public byte[] Export(ReadOnlySpan<byte> context, int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return HpkeSchedule.Export(_exporterSecret, context, length);
    }

    /// <summary>Zeroes the context's secrets.</summary>
    public void Dispose()
    {
        _disposed = true;
        _aead.Dispose();
        CryptographicOperations.ZeroMemory(_exporterSecret);
        CryptographicOperations.ZeroMemory(_baseNonce);
    }

    private protected byte[] SealNext(ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> aad)
    {
        byte[] output = new byte[plaintext.Length + TagBytes];
        Span<byte> nonce = stackalloc byte[HpkeSchedule.NonceBytes];
        WriteNonce(nonce);
        _aead.Encrypt(nonce, plaintext, output.AsSpan(0, plaintext.Length), output.AsSpan(plaintext.Length), aad);
        Advance();
        return output;
    }

    private protected byte[] OpenNext(ReadOnlySpan<byte> ciphertext, ReadOnlySpan<byte> aad)
    {
        if (ciphertext.Length < TagBytes)
        {
            throw new SealingException($"Sealed bytes have at least {TagBytes}; these are {ciphertext.Length}.");
        }

        byte[] output = new byte[ciphertext.Length - TagBytes];
        Span<byte> nonce = stackalloc byte[HpkeSchedule.NonceBytes];
        WriteNonce(nonce);
        try
        {
            _aead.Decrypt(nonce, ciphertext[..output.Length], ciphertext[output.Length..], output, aad);
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw new SealingException("The sealed bytes were altered, are out of order, or were sealed to another key.", e);
        }

        // Only an opened message moves the sequence (RFC 9180, 5.2).
        Advance();
        return output;
    }

    private void WriteNonce(Span<byte> nonce)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _baseNonce.CopyTo(nonce);
        for (int i = 0; i < 8; i++)
        {
            nonce[^(i + 1)] ^= (byte)(_sequence >> (8 * i));
        }
    }

    private void Advance() => _sequence = checked(_sequence + 1);
}

/// <summary>The sending side of an HPKE context.</summary>
public sealed class SenderContext : HpkeContext
{
    internal SenderContext(byte[] enc, (byte[] Key, byte[] BaseNonce, byte[] ExporterSecret) keys)
        : base(keys) => Enc = enc;

    /// <summary>The encapsulated key that the recipient needs, 32 bytes.</summary>
    public byte[] Enc { get; }

    /// <summary>Seals the next message: ciphertext and 16-byte tag.</summary>
    public byte[] Seal(ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> aad) => SealNext(plaintext, aad);
}

/// <summary>The receiving side of an HPKE context.</summary>
public sealed class RecipientContext : HpkeContext
{
    internal RecipientContext((byte[] Key, byte[] BaseNonce, byte[] ExporterSecret) keys)
        : base(keys)
    {
    }

    /// <summary>Opens the next message.</summary>
    /// <exception cref="SealingException">It is too short, altered, out of order, or sealed to another key.</exception>
    public byte[] Open(ReadOnlySpan<byte> ciphertext, ReadOnlySpan<byte> aad) => OpenNext(ciphertext, aad);
}
