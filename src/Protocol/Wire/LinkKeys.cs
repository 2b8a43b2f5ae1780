using System.Security.Cryptography;

namespace Trident.Protocol.Wire;

/// <summary>
/// The keys of one direction in one session of the sender: HKDF-SHA256(pair's secret, salt = session, info = label || from ||
/// to), for frames "trident link v1", for acknowledgements of those frames "trident ack v1".
/// </summary>
internal static class LinkKeys
{
    public const int KeyBytes = 32;
    public const int Bytes = 2 * KeyBytes;
    public const int NonceBytes = 12;

    /// <summary>Frame key || acknowledgement key.</summary>
    public static void Derive(ReadOnlySpan<byte> pairKey, Guid session, int from, int to, Span<byte> keys)
    {
        Span<byte> salt = stackalloc byte[16];
        session.TryWriteBytes(salt, bigEndian: true, out _);
        Expand(pairKey, salt, "trident link v1"u8, from, to, keys[..KeyBytes]);
        Expand(pairKey, salt, "trident ack v1"u8, from, to, keys[KeyBytes..Bytes]);
    }

    private static void Expand(
        ReadOnlySpan<byte> pairKey, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> label, int from, int to, Span<byte> key)
    {
        Span<byte> info = stackalloc byte[label.Length + 2];
        label.CopyTo(info);
        info[^2] = (byte)from;
        info[^1] = (byte)to;
        HKDF.DeriveKey(HashAlgorithmName.SHA256, pairKey, key, salt, info);
    }
}
