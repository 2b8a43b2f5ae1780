using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Trident.Protocol.Sealing;

/// <summary>
/// The two secrets exported from one client's HPKE context with one party, 32 bytes each, and how they are used. The HPKE
/// info is "trident request v1" || deployment || party, so that a context for one party opens at no other.
/// </summary>
internal static class RequestKeys
{
    public const int KeyBytes = 32;
    public const int CounterBytes = 8;
    public const int SaltBytes = 16;
    public const int TagBytes = HpkeContext.TagBytes;
    public const int RequestPrefix = Hpke.EncBytes + CounterBytes;
    public const int RequestOverhead = RequestPrefix + TagBytes;
    public const int AnswerOverhead = SaltBytes + TagBytes;

    /// <summary>The most bytes of associated data that an answer may have, its part included.</summary>
    public const int MaxAnswerAadBytes = 256;

    private const int NonceBytes = 12;
    private const int PartBytes = 2 * sizeof(uint);

    public static byte[] Info(int party, Guid deployment) =>
        [.. "trident request v1"u8, .. deployment.ToByteArray(bigEndian: true), (byte)party];

    /// <summary>Request key || answer secret.</summary>
    public static Secret Export(HpkeContext context)
    {
        byte[] request = context.Export("trident request key v1"u8, KeyBytes);
        byte[] answer = context.Export("trident answer secret v1"u8, KeyBytes);
        byte[] both = [.. request, .. answer];
        CryptographicOperations.ZeroMemory(request);
        CryptographicOperations.ZeroMemory(answer);
        return new Secret(both);
    }

    public static void RequestNonce(ulong counter, Span<byte> nonce)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(nonce[4..], counter);
    }

    /// <summary>The associated data of a part: the request's, and for one of several parts its number (4) || how many there are (4).</summary>
    public static ReadOnlySpan<byte> PartAad(ReadOnlySpan<byte> aad, int part, int parts, Span<byte> buffer)
    {
        if (parts == 1)
        {
            return aad;
        }

        aad.CopyTo(buffer);
        BinaryPrimitives.WriteInt32BigEndian(buffer[aad.Length..], part);
        BinaryPrimitives.WriteInt32BigEndian(buffer[(aad.Length + sizeof(uint))..], parts);
        return buffer[..(aad.Length + PartBytes)];
    }

    /// <summary>
    /// Key (32) || nonce (12) of one answer: HKDF-SHA256 of the answer secret under a fresh random salt, info
    /// "trident answer v1" || counter. The salt, and not the counter alone, because a request that is replayed to a
    /// restarted party is answered again, and two answers under one nonce would give both away (compare RFC 9458, 4.4).
    /// A part's number is combined with the nonce's last four bytes by XOR; part 0 has the nonce of a whole answer.
    /// </summary>
    public static AesGcm AnswerCipher(ReadOnlySpan<byte> answerSecret, ReadOnlySpan<byte> salt, ulong counter, int part, Span<byte> nonce)
    {
        ReadOnlySpan<byte> label = "trident answer v1"u8;
        Span<byte> info = stackalloc byte[label.Length + CounterBytes];
        label.CopyTo(info);
        BinaryPrimitives.WriteUInt64BigEndian(info[label.Length..], counter);
        Span<byte> derived = stackalloc byte[KeyBytes + NonceBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, answerSecret, derived, salt, info);
        derived[KeyBytes..].CopyTo(nonce);
        Span<byte> last = nonce[^sizeof(uint)..];
        BinaryPrimitives.WriteUInt32BigEndian(last, BinaryPrimitives.ReadUInt32BigEndian(last) ^ (uint)part);
        AesGcm cipher = new(derived[..KeyBytes], TagBytes);
        CryptographicOperations.ZeroMemory(derived);
        return cipher;
    }
}
