using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Trident.Protocol.Sealing;

/// <summary>
/// AES-GCM under one key for several threads. An <see cref="AesGcm"/> must not be used by two threads at once and takes
/// microseconds to make, so idle ones are kept: as many as were in use together.
/// </summary>
internal sealed class AesGcmPool : IDisposable
{
    /// <summary>Bytes of the tag.</summary>
    public const int TagSize = 16;

    private readonly byte[] _key;
    private readonly ConcurrentBag<AesGcm> _idle = [];

    /// <summary>Takes a copy of the key.</summary>
    public AesGcmPool(ReadOnlySpan<byte> key) => _key = key.ToArray();

    /// <inheritdoc cref="AesGcm.Encrypt(ReadOnlySpan{byte}, ReadOnlySpan{byte}, Span{byte}, Span{byte}, ReadOnlySpan{byte})"/>
    public void Encrypt(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext, Span<byte> tag, ReadOnlySpan<byte> aad)
    {
        AesGcm cipher = Rent();
        cipher.Encrypt(nonce, plaintext, ciphertext, tag, aad);
        _idle.Add(cipher);
    }

    /// <inheritdoc cref="AesGcm.Decrypt(ReadOnlySpan{byte}, ReadOnlySpan{byte}, ReadOnlySpan{byte}, Span{byte}, ReadOnlySpan{byte})"/>
    public void Decrypt(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> ciphertext, ReadOnlySpan<byte> tag, Span<byte> plaintext, ReadOnlySpan<byte> aad)
    {
        AesGcm cipher = Rent();
        try
        {
            cipher.Decrypt(nonce, ciphertext, tag, plaintext, aad);
        }
        finally
        {
            _idle.Add(cipher);
        }
    }

    /// <summary>Zeroes the key.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_key);
        while (_idle.TryTake(out AesGcm? cipher))
        {
            cipher.Dispose();
        }
    }

    private AesGcm Rent() => _idle.TryTake(out AesGcm? cipher) ? cipher : new AesGcm(_key, TagSize);
}
