using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Trident.Protocol.Sealing;

/// <summary>A sealed request, enc (32) | counter (8, big endian) | ciphertext | tag (16), and its counter, which opens the answer.</summary>
public readonly record struct SealedRequest(byte[] Bytes, ulong Counter);

/// <summary>
/// A client's side of the envelope to one party. The asymmetric work is done once, at construction; a request costs one pass
/// of AES-256-GCM. Every request carries what a restarted party needs to open it. Thread-safe.
/// </summary>
public sealed class ClientSeal : IDisposable
{
    private readonly byte[] _enc;
    private readonly Secret _keys;
    private long _counter = -1;

    /// <summary>Agrees on keys with a party, from its public key alone.</summary>
    /// <param name="party">The party, 1 to 3.</param>
    /// <param name="partyPublicKey">Its X25519 public key, 32 bytes.</param>
    /// <param name="deployment">The deployment; another deployment's party cannot open what is sealed here.</param>
    /// <exception cref="SealingException">The key has another size, or is of low order.</exception>
    public ClientSeal(int party, byte[] partyPublicKey, Guid deployment)
        : this(party, Hpke.SetupSender(partyPublicKey, RequestKeys.Info(party, deployment)))
    {
    }

    /// <summary>The same over a given context, for tests with a fixed ephemeral key; the context is disposed of.</summary>
    internal ClientSeal(int party, SenderContext context)
    {
        using (context)
        {
            (Party, _enc, _keys) = (party, context.Enc, RequestKeys.Export(context));
        }
    }

    /// <summary>The party that can open what is sealed here.</summary>
    public int Party { get; }

    /// <summary>Seals a request.</summary>
    /// <param name="plaintext">What only the party shall read.</param>
    /// <param name="aad">What both know already and must agree on; it is not sent.</param>
    /// <exception cref="ObjectDisposedException">The keys were zeroed.</exception>
    public SealedRequest Seal(ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> aad)
    {
        ulong counter = (ulong)Interlocked.Increment(ref _counter);
        byte[] bytes = GC.AllocateUninitializedArray<byte>(checked(plaintext.Length + RequestKeys.RequestOverhead));
        _enc.CopyTo(bytes, 0);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(Hpke.EncBytes), counter);
        Span<byte> nonce = stackalloc byte[12];
        RequestKeys.RequestNonce(counter, nonce);
        Span<byte> keys = stackalloc byte[2 * RequestKeys.KeyBytes];
        _keys.CopyTo(keys);
        using AesGcm cipher = new(keys[..RequestKeys.KeyBytes], RequestKeys.TagBytes);
        CryptographicOperations.ZeroMemory(keys);
        Span<byte> body = bytes.AsSpan(RequestKeys.RequestPrefix);
        cipher.Encrypt(nonce, plaintext, body[..plaintext.Length], body[plaintext.Length..], aad);
        return new SealedRequest(bytes, counter);
    }

    /// <summary>Opens the whole answer to the request of the given counter: salt (16) | ciphertext | tag (16).</summary>
    /// <exception cref="SealingException">It is too short, altered, or answers another request.</exception>
    /// <exception cref="ObjectDisposedException">The keys were zeroed.</exception>
    public byte[] OpenAnswer(ulong counter, ReadOnlySpan<byte> sealedAnswer, ReadOnlySpan<byte> aad)
    {
        byte[] plaintext = GC.AllocateUninitializedArray<byte>(Math.Max(0, sealedAnswer.Length - RequestKeys.AnswerOverhead));
        OpenPart(counter, 0, 1, sealedAnswer, aad, plaintext);
        return plaintext;
    }

    /// <summary>Opens the answer to the request of the given counter part by part.</summary>
    /// <param name="counter">The request's.</param>
    /// <param name="parts">How many parts there are.</param>
    /// <param name="aad">The request's.</param>
    public AnswerParts OpenParts(ulong counter, int parts, byte[] aad) => new(this, counter, parts, aad);

    /// <summary>Opens one part into a buffer of exactly its size.</summary>
    internal void OpenPart(ulong counter, int part, int parts, ReadOnlySpan<byte> sealedPart, ReadOnlySpan<byte> aad, Span<byte> plaintext)
    {
        if (sealedPart.Length < RequestKeys.AnswerOverhead)
        {
            throw new SealingException(
                $"Party {Party}'s answer has {sealedPart.Length} bytes; a sealed answer has at least {RequestKeys.AnswerOverhead}.");
        }

        if (sealedPart.Length != plaintext.Length + RequestKeys.AnswerOverhead)
        {
            throw new SealingException(
                $"Part {part} of party {Party}'s answer has {sealedPart.Length} bytes where {plaintext.Length + RequestKeys.AnswerOverhead} belong.");
        }

        Span<byte> nonce = stackalloc byte[12];
        Span<byte> keys = stackalloc byte[2 * RequestKeys.KeyBytes];
        _keys.CopyTo(keys);
        using AesGcm cipher = RequestKeys.AnswerCipher(
            keys[RequestKeys.KeyBytes..], sealedPart[..RequestKeys.SaltBytes], counter, part, nonce);
        CryptographicOperations.ZeroMemory(keys);
        ReadOnlySpan<byte> body = sealedPart[RequestKeys.SaltBytes..];
        Span<byte> bound = stackalloc byte[RequestKeys.MaxAnswerAadBytes];
        try
        {
            cipher.Decrypt(nonce, body[..plaintext.Length], body[plaintext.Length..], plaintext, RequestKeys.PartAad(aad, part, parts, bound));
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw new SealingException($"Party {Party}'s answer was altered on its way, or answers another request; ask again.", e);
        }
    }

    /// <summary>Zeroes the keys.</summary>
    public void Dispose() => _keys.Dispose();
}
