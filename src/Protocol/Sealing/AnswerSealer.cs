using System.Security.Cryptography;

namespace Trident.Protocol.Sealing;

/// <summary>Seals the one answer to an opened request.</summary>
public sealed class AnswerSealer
{
    private readonly ulong _counter;
    private byte[]? _secret;

    internal AnswerSealer(byte[] secret, ulong counter) => (_secret, _counter) = (secret, counter);

    /// <summary>Seals: salt (16) | ciphertext | tag (16).</summary>
    /// <param name="plaintext">What only the client that asked shall read.</param>
    /// <param name="aad">What both know already and must agree on; it is not sent.</param>
    /// <exception cref="InvalidOperationException">The answer was sealed already.</exception>
    public byte[] Seal(ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> aad)
    {
        Span<byte> salt = stackalloc byte[RequestKeys.SaltBytes];
        RandomNumberGenerator.Fill(salt);
        return Seal(plaintext, aad, salt);
    }

    /// <summary>The same with a given salt, for tests.</summary>
    internal byte[] Seal(ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> salt)
    {
        byte[] secret = Interlocked.Exchange(ref _secret, null)
            ?? throw new InvalidOperationException("The answer to this request was sealed already; a request has one answer.");
        byte[] bytes = GC.AllocateUninitializedArray<byte>(checked(plaintext.Length + RequestKeys.AnswerOverhead));
        salt.CopyTo(bytes);
        Span<byte> nonce = stackalloc byte[12];
        using AesGcm cipher = RequestKeys.AnswerCipher(secret, salt, _counter, nonce);
        CryptographicOperations.ZeroMemory(secret);
        Span<byte> body = bytes.AsSpan(RequestKeys.SaltBytes);
        cipher.Encrypt(nonce, plaintext, body[..plaintext.Length], body[plaintext.Length..], aad);
        return bytes;
    }
}
