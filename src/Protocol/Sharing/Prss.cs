using System.Security.Cryptography;

namespace Trident.Protocol.Sharing;

/// <summary>What a pseudo-random share is for. Binds it, so that no input to the PRF serves twice.</summary>
public enum PrssPurpose : byte
{
    /// <summary>The mask a of a stock item.</summary>
    Mask = 1,

    /// <summary>The value ρ that masks the opening of aᵀM.</summary>
    Rho = 2,

    /// <summary>The degree-2 share of zero in that opening.</summary>
    Zero = 3,

    /// <summary>Coins that are unknown until they are opened.</summary>
    Coin = 4,

    /// <summary>The matrix b of the product protocol <c>beaver</c>.</summary>
    Beaver = 5,
}

/// <summary>
/// Pseudo-random secret sharing (Cramer, Damgård, Ishai, TCC 2005): shares of random values from pairwise keys, without a
/// message. The PRF is AES-128 in counter mode under a key per pair, purpose and domain.
/// </summary>
/// <remarks>The pair keys stay the caller's; this holds no copy of them.</remarks>
public sealed class Prss : IDisposable
{
    /// <summary>Length of a domain: a 16-byte table version and a 32-byte batch id.</summary>
    public const int DomainBytes = 48;

    private readonly PairKeys _keys;
    private bool _disposed;

    /// <summary>Draws from a party's pair keys, which have to outlive this.</summary>
    public Prss(PairKeys keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        _keys = keys;
    }

    /// <summary>The party whose shares these are.</summary>
    public int Party => _keys.Party;

    /// <summary>
    /// Opens the stream of one purpose and domain (table version and batch id, 48 bytes). The key of each pair is
    /// HKDF-SHA256 of its secret with info "trident prss v1", purpose, domain.
    /// </summary>
    /// <exception cref="ArgumentException">The domain does not have 48 bytes, or the purpose is unknown.</exception>
    public PrssStream Open(PrssPurpose purpose, ReadOnlySpan<byte> domain)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (domain.Length != DomainBytes)
        {
            throw new ArgumentException(
                $"A PRSS domain is a 16-byte table version and a 32-byte batch id, {DomainBytes} bytes; this one has {domain.Length}.");
        }

        if (!Enum.IsDefined(purpose))
        {
            throw new ArgumentException($"There is no PRSS purpose {(byte)purpose}.", nameof(purpose));
        }

        return new PrssStream(Party, purpose, Key(_keys.Lower, purpose, domain), Key(_keys.Higher, purpose, domain));
    }

    /// <summary>Ends the drawing of streams. The pair keys are not touched: others may use them.</summary>
    public void Dispose() => _disposed = true;

    private Aes128 Key(int peer, PrssPurpose purpose, ReadOnlySpan<byte> domain)
    {
        byte[] info = [.. "trident prss v1"u8, (byte)purpose, .. domain];
        Span<byte> key = stackalloc byte[Aes128.BlockBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _keys.With(peer), key, default, info);
        Aes128 aes = new(key);
        CryptographicOperations.ZeroMemory(key);
        return aes;
    }
}
