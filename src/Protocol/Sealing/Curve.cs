using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc7748;

namespace Trident.Protocol.Sealing;

/// <summary>X25519 (RFC 7748), from BouncyCastle: the platform's own library has none.</summary>
internal static class Curve
{
    /// <summary>Length of private keys, public keys and agreed secrets, in bytes.</summary>
    public const int KeyBytes = 32;

    public static byte[] NewPrivateKey() => RandomNumberGenerator.GetBytes(KeyBytes);

    public static byte[] PublicKeyOf(byte[] privateKey)
    {
        byte[] publicKey = new byte[KeyBytes];
        X25519.ScalarMultBase(privateKey, 0, publicKey, 0);
        return publicKey;
    }

    /// <summary>The agreed secret.</summary>
    /// <exception cref="SealingException">
    /// A key has not 32 bytes, or the public key is of low order: the result would be zero for every private key
    /// (RFC 9180, section 7.1.4).
    /// </exception>
    public static byte[] Agree(byte[] privateKey, byte[] publicKey)
    {
        if (privateKey.Length != KeyBytes || publicKey.Length != KeyBytes)
        {
            throw new SealingException(
                $"X25519 keys have {KeyBytes} bytes; these have {privateKey.Length} (private) and {publicKey.Length} (public).");
        }

        byte[] secret = new byte[KeyBytes];
        return X25519.CalculateAgreement(privateKey, 0, publicKey, 0, secret, 0)
            ? secret
            : throw new SealingException("The other side's X25519 public key is of low order and agrees on zero with anyone; refuse it.");
    }
}
