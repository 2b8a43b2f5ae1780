using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Trident.Protocol.Sealing;

/// <summary>A sealed request and the number under which its answer opens.</summary>
/// <param name="Bytes"><c>encapsulated key (32) | u64 counter | ciphertext | tag (16)</c>.</param>
/// <param name="Counter">The request's number in its context.</param>
public readonly record struct SealedRequest(byte[] Bytes, ulong Counter);

/// <summary>
/// A client's side of the sealing to one party. X25519 is paid once, here; each request is AES-128-GCM under a key exported from
/// the HPKE context, numbered, so that requests may arrive in any order. Safe for concurrent use.
/// </summary>
public sealed class ClientSeal : IDisposable
{
    private readonly byte[] _encapsulated;
    private readonly SealKeys _keys;
    private long _counter;

    /// <summary>Sets up the context to a party.</summary>
    public ClientSeal(int party, byte[] partyPublicKey, Guid deployment)
    {
        (_encapsulated, HpkeContext context) = Hpke.SetupSender(partyPublicKey, SealKeys.Info(party, deployment));
        using (context)
        {
            _keys = new SealKeys(context);
        }
    }

    /// <summary>Seals a request.</summary>
    public SealedRequest Seal(ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> aad)
    {
        ulong counter = (ulong)Interlocked.Increment(ref _counter);
        byte[] bytes = new byte[SealKeys.RequestOverhead + plaintext.Length];
        _encapsulated.CopyTo(bytes, 0);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(32), counter);
        SealKeys.Encrypt(_keys.Request, counter, plaintext, bytes.AsSpan(40), aad);
        return new SealedRequest(bytes, counter);
    }

    /// <summary>Opens the answer to the request of that number.</summary>
    /// <exception cref="SealingException">It is not authentic.</exception>
    public byte[] OpenAnswer(ulong counter, ReadOnlySpan<byte> sealedAnswer, ReadOnlySpan<byte> aad) =>
        SealKeys.Decrypt(_keys.Answer, counter, sealedAnswer, aad);

    /// <summary>Forgets the keys.</summary>
    public void Dispose() => _keys.Dispose();
}

/// <summary>The two keys of a context, one per direction.</summary>
internal sealed class SealKeys : IDisposable
{
    public const int RequestOverhead = 32 + 8 + TagSize;
    private const int TagSize = 16;

    public SealKeys(HpkeContext context)
    {
        Request = Key(context, "trident request v1"u8);
        Answer = Key(context, "trident answer v1"u8);
    }

    public AesGcmPool Request { get; }

    public AesGcmPool Answer { get; }

    public static byte[] Info(int party, Guid deployment) => [.. "trident seal v1"u8, (byte)party, .. deployment.ToByteArray(bigEndian: true)];

    public static void Encrypt(AesGcmPool key, ulong counter, ReadOnlySpan<byte> plaintext, Span<byte> ciphertextAndTag, ReadOnlySpan<byte> aad)
    {
        Span<byte> nonce = stackalloc byte[12];
        nonce.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(nonce[4..], counter);
        key.Encrypt(nonce, plaintext, ciphertextAndTag[..plaintext.Length], ciphertextAndTag[plaintext.Length..], aad);
    }

    public static byte[] Decrypt(AesGcmPool key, ulong counter, ReadOnlySpan<byte> ciphertextAndTag, ReadOnlySpan<byte> aad)
    {
        if (ciphertextAndTag.Length < TagSize)
        {
            throw new SealingException("The sealed message is cut short.");
        }

        Span<byte> nonce = stackalloc byte[12];
        nonce.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(nonce[4..], counter);
        byte[] plaintext = new byte[ciphertextAndTag.Length - TagSize];
        try
        {
            key.Decrypt(nonce, ciphertextAndTag[..^TagSize], ciphertextAndTag[^TagSize..], plaintext, aad);
            return plaintext;
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw new SealingException("The sealed message is not authentic: it was changed, or is not for this party, query and table.", e);
        }
    }

    public void Dispose()
    {
        Request.Dispose();
        Answer.Dispose();
    }

    private static AesGcmPool Key(HpkeContext context, ReadOnlySpan<byte> label)
    {
        byte[] key = context.Export(label, 16);
        AesGcmPool cipher = new(key);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }
}
