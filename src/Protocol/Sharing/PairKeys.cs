using System.Security.Cryptography;

namespace Trident.Protocol.Sharing;

/// <summary>The two 32-byte secrets that a party shares with its peers; each is unknown to the third.</summary>
public sealed class PairKeys : IDisposable
{
    /// <summary>Length of a pair's secret in bytes.</summary>
    public const int KeyBytes = 32;

    private readonly byte[] _lower;
    private readonly byte[] _higher;
    private bool _disposed;

    /// <summary>Takes the secrets with the lower-numbered and the higher-numbered peer, and owns them.</summary>
    /// <exception cref="ArgumentException">The party is not of 1 to 3, or a secret is not of 32 bytes.</exception>
    public PairKeys(int party, byte[] withLower, byte[] withHigher)
    {
        ArgumentNullException.ThrowIfNull(withLower);
        ArgumentNullException.ThrowIfNull(withHigher);
        if (party is < 1 or > 3)
        {
            throw new ArgumentException($"A party is 1, 2 or 3, not {party}.", nameof(party));
        }

        if (withLower.Length != KeyBytes || withHigher.Length != KeyBytes)
        {
            throw new ArgumentException(
                $"A pair's secret has {KeyBytes} bytes; these have {withLower.Length} and {withHigher.Length}.");
        }

        (Party, _lower, _higher) = (party, withLower, withHigher);
    }

    /// <summary>The party whose keys these are.</summary>
    public int Party { get; }

    /// <summary>The lower-numbered of the two peers.</summary>
    public int Lower => Party == 1 ? 2 : 1;

    /// <summary>The higher-numbered of the two peers.</summary>
    public int Higher => Party == 3 ? 2 : 3;

    /// <summary>The secret shared with <paramref name="otherParty"/>.</summary>
    /// <exception cref="ArgumentException">The other party is this one, or does not exist.</exception>
    /// <exception cref="ObjectDisposedException">The secrets were zeroed.</exception>
    public ReadOnlySpan<byte> With(int otherParty)
    {
        // Keys derived from zeroed secrets would be known to everyone.
        ObjectDisposedException.ThrowIf(_disposed, this);
        return otherParty == Lower ? _lower
            : otherParty == Higher ? _higher
            : throw new ArgumentException($"Party {Party} shares a key with {Lower} and {Higher}, not with {otherParty}.");
    }

    /// <summary>Zeroes the secrets.</summary>
    public void Dispose()
    {
        _disposed = true;
        CryptographicOperations.ZeroMemory(_lower);
        CryptographicOperations.ZeroMemory(_higher);
    }
}
