using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Trident.Protocol.Sealing;

/// <summary>
/// The key schedule of RFC 9180 for one suite: DHKEM(X25519, HKDF-SHA256) = 0x0020, HKDF-SHA256 = 0x0001,
/// AES-128-GCM = 0x0001, base mode. Names follow the RFC.
/// </summary>
internal static class HpkeSchedule
{
    public const int SecretBytes = 32;
    public const int AeadKeyBytes = 16;
    public const int NonceBytes = 12;

    private static ReadOnlySpan<byte> Version => "HPKE-v1"u8;

    /// <summary>"KEM" || I2OSP(kem_id, 2).</summary>
    private static ReadOnlySpan<byte> KemSuite => [0x4b, 0x45, 0x4d, 0x00, 0x20];

    /// <summary>"HPKE" || kem_id || kdf_id || aead_id.</summary>
    private static ReadOnlySpan<byte> Suite => [0x48, 0x50, 0x4b, 0x45, 0x00, 0x20, 0x00, 0x01, 0x00, 0x01];

    /// <summary>ExtractAndExpand (4.1): the KEM's shared secret from the agreed one; <paramref name="dh"/> is zeroed.</summary>
    public static byte[] SharedSecret(byte[] dh, byte[] enc, byte[] pkR)
    {
        byte[] prk = LabeledExtract(KemSuite, [], "eae_prk"u8, dh);
        CryptographicOperations.ZeroMemory(dh);
        byte[] shared = LabeledExpand(KemSuite, prk, "shared_secret"u8, [.. enc, .. pkR], SecretBytes);
        CryptographicOperations.ZeroMemory(prk);
        return shared;
    }

    /// <summary>KeySchedule (5.1) in base mode, without a pre-shared key; <paramref name="sharedSecret"/> is zeroed.</summary>
    public static (byte[] Key, byte[] BaseNonce, byte[] ExporterSecret) Keys(byte[] sharedSecret, ReadOnlySpan<byte> info)
    {
        byte[] pskIdHash = LabeledExtract(Suite, [], "psk_id_hash"u8, []);
        byte[] infoHash = LabeledExtract(Suite, [], "info_hash"u8, info);
        byte[] context = [0x00, .. pskIdHash, .. infoHash];
        byte[] secret = LabeledExtract(Suite, sharedSecret, "secret"u8, []);
        CryptographicOperations.ZeroMemory(sharedSecret);
        byte[] key = LabeledExpand(Suite, secret, "key"u8, context, AeadKeyBytes);
        byte[] baseNonce = LabeledExpand(Suite, secret, "base_nonce"u8, context, NonceBytes);
        byte[] exporter = LabeledExpand(Suite, secret, "exp"u8, context, SecretBytes);
        CryptographicOperations.ZeroMemory(secret);
        return (key, baseNonce, exporter);
    }

    /// <summary>Export (5.3).</summary>
    public static byte[] Export(byte[] exporterSecret, ReadOnlySpan<byte> context, int length) =>
        LabeledExpand(Suite, exporterSecret, "sec"u8, context, length);

    /// <summary>DeriveKeyPair (7.1.3): the private key of given key material. Used by the known-answer tests.</summary>
    public static byte[] DerivePrivateKey(ReadOnlySpan<byte> ikm)
    {
        byte[] prk = LabeledExtract(KemSuite, [], "dkp_prk"u8, ikm);
        return LabeledExpand(KemSuite, prk, "sk"u8, [], Curve.KeyBytes);
    }

    private static byte[] LabeledExtract(
        ReadOnlySpan<byte> suite, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> label, ReadOnlySpan<byte> ikm)
    {
        byte[] labeled = [.. Version, .. suite, .. label, .. ikm];
        byte[] prk = new byte[SecretBytes];
        HKDF.Extract(HashAlgorithmName.SHA256, labeled, salt, prk);
        CryptographicOperations.ZeroMemory(labeled);
        return prk;
    }

    private static byte[] LabeledExpand(
        ReadOnlySpan<byte> suite, byte[] prk, ReadOnlySpan<byte> label, ReadOnlySpan<byte> info, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, 255 * SecretBytes);
        Span<byte> prefix = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(prefix, (ushort)length);
        byte[] labeled = [.. prefix, .. Version, .. suite, .. label, .. info];
        byte[] output = new byte[length];
        HKDF.Expand(HashAlgorithmName.SHA256, prk, output, labeled);
        return output;
    }
}
