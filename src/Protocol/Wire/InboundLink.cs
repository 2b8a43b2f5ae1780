using System.Security.Cryptography;
using Trident.Protocol.Sharing;

namespace Trident.Protocol.Wire;

/// <summary>
/// What is remembered of one peer: its newest authentic session, that session's keys, and which of its frames came. Nothing
/// here changes before a frame has authenticated. Thread-safe.
/// </summary>
internal sealed class InboundLink(PairKeys pairs, int from, int to) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly byte[] _keys = new byte[LinkKeys.Bytes];
    private Guid _session;
    private ReplayWindow? _window;
    private bool _disposed;

    /// <summary>Gives the session's keys, kept ones or derived ones; the caller zeroes them.</summary>
    public void CopyKeys(Guid session, Span<byte> keys)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_window is not null && session == _session)
            {
                _keys.CopyTo(keys);
                return;
            }
        }

        LinkKeys.Derive(pairs.With(from), session, from, to, keys);
    }

    /// <summary>Whether the frame could be new, so that decrypting it is worth while.</summary>
    public bool MayBeNew(FrameHeader header)
    {
        lock (_gate)
        {
            return IsNew(header);
        }
    }

    /// <summary>Records an authentic frame; false when it came before, perhaps a moment ago on another thread.</summary>
    public bool Take(FrameHeader header, ReadOnlySpan<byte> keys)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!IsNew(header))
            {
                return false;
            }

            if (_window is null || header.Session != _session)
            {
                _session = header.Session;
                _window = new ReplayWindow();
                keys.CopyTo(_keys);
            }

            _window.Mark(header.Sequence);
            return true;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            CryptographicOperations.ZeroMemory(_keys);
        }
    }

    private bool IsNew(FrameHeader header)
    {
        if (_window is null)
        {
            return true;
        }

        // The milliseconds come first, so later sessions compare higher; within one millisecond the random bytes decide, as
        // going back and forth between two sessions would forget what came. Guid compares as its printed bytes do.
        int order = header.Session.CompareTo(_session);
        return order > 0 || (order == 0 && _window.Accepts(header.Sequence));
    }
}
