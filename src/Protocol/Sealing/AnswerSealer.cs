using System.Security.Cryptography;

namespace Trident.Protocol.Sealing;

/// <summary>
/// Seals the one answer to an opened request, whole or in parts. All parts are under one key, from one salt, each with a nonce of its
/// own; a part is sealed once, since two texts under one nonce would give both away. Thread-safe.
/// </summary>
public sealed class AnswerSealer : IDisposable
{
    private readonly ulong _counter;
    private readonly byte[] _salt = new byte[RequestKeys.SaltBytes];
    private readonly Lock _gate = new();
    private byte[]? _secret;
    private bool[]? _sealed;
    private int _left;

    internal AnswerSealer(byte[] secret, ulong counter) => (_secret, _counter) = (secret, counter);

    /// <summary>Seals a whole answer: salt (16) | ciphertext | tag (16).</summary>
    /// <param name="plaintext">What only the client that asked shall read.</param>
    /// <param name="aad">What both know already and must agree on; it is not sent.</param>
    /// <exception cref="InvalidOperationException">The answer was sealed already.</exception>
    public byte[] Seal(ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> aad) => Seal(0, 1, plaintext, aad);

    /// <summary>Seals one part of an answer, as a whole one is sealed. Part and number of parts are authenticated where there are several.</summary>
    /// <param name="part">Which part, from 0; parts may be sealed in any order.</param>
    /// <param name="parts">How many there are; the same for all parts.</param>
    /// <param name="plaintext">What only the client that asked shall read.</param>
    /// <param name="aad">What both know already and must agree on; it is not sent.</param>
    /// <exception cref="InvalidOperationException">The part was sealed already, or there was another number of parts.</exception>
    public byte[] Seal(int part, int parts, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> aad)
    {
        Span<byte> salt = stackalloc byte[RequestKeys.SaltBytes];
        RandomNumberGenerator.Fill(salt);
        return Seal(part, parts, plaintext, aad, salt);
    }

    /// <summary>A whole answer with a given salt, for tests.</summary>
    internal byte[] Seal(ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> salt) => Seal(0, 1, plaintext, aad, salt);

    /// <summary>A part with a given salt, for tests. That of the first part is the one of all parts.</summary>
    internal byte[] Seal(int part, int parts, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> salt)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parts, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(part);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(part, parts);
        byte[] bytes = GC.AllocateUninitializedArray<byte>(checked(plaintext.Length + RequestKeys.AnswerOverhead));
        Span<byte> nonce = stackalloc byte[12];
        using AesGcm cipher = Begin(part, parts, salt, nonce);
        _salt.CopyTo(bytes, 0);
        Span<byte> body = bytes.AsSpan(RequestKeys.SaltBytes);
        Span<byte> bound = stackalloc byte[RequestKeys.MaxAnswerAadBytes];
        cipher.Encrypt(nonce, plaintext, body[..plaintext.Length], body[plaintext.Length..], RequestKeys.PartAad(aad, part, parts, bound));
        return bytes;
    }

    /// <summary>Zeroes the key: what was not sealed never will be.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            Forget();
        }
    }

    /// <summary>Marks the part before anything is encrypted for it.</summary>
    private AesGcm Begin(int part, int parts, ReadOnlySpan<byte> salt, Span<byte> nonce)
    {
        lock (_gate)
        {
            if (_secret is null)
            {
                throw new InvalidOperationException("The answer to this request was sealed already; a request has one answer.");
            }

            if (_sealed is null)
            {
                (_sealed, _left) = (new bool[parts], parts);
                salt.CopyTo(_salt);
            }

            if (_sealed.Length != parts)
            {
                throw new InvalidOperationException($"The answer has {_sealed.Length} parts, not {parts}.");
            }

            if (_sealed[part])
            {
                throw new InvalidOperationException($"Part {part} of the answer was sealed already; a part is sealed once.");
            }

            _sealed[part] = true;
            AesGcm cipher = RequestKeys.AnswerCipher(_secret, _salt, _counter, part, nonce);
            if (--_left == 0)
            {
                Forget();
            }

            return cipher;
        }
    }

    private void Forget()
    {
        CryptographicOperations.ZeroMemory(_secret);
        _secret = null;
    }
}
