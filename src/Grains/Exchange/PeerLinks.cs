using System.Collections.Concurrent;
using Trident.Abstractions;
using Trident.Grains.Exchange.Transports;
using Trident.Protocol.Sealing;
using Trident.Protocol.Wire;

namespace Trident.Grains.Exchange;

/// <summary>What is known of one peer: whether it is up, its process's session, and what was counted.</summary>
public sealed class PeerLink(PartyEndpoint endpoint)
{
    private readonly Lock _gate = new();
    private CancellationTokenSource _down = new();
    private readonly List<ConnectionSlot> _kept = [];
    private bool _up;
    private Guid _session;

    /// <summary>Connections opened and failed, frames that the peer refused, and frames and bytes both ways.</summary>
    public long ConnectionsOpened, ConnectionsFailed, FramesRefused, FramesIn, FramesOut, BytesIn, BytesOut;

    /// <summary>Where the peer listens.</summary>
    public PartyEndpoint Endpoint { get; } = endpoint;

    /// <summary>The peer's party.</summary>
    public int Party => Endpoint.Party;

    /// <summary>Whether the last thing heard of the peer was good.</summary>
    public bool Up
    {
        get { lock (_gate) { return _up; } }
    }

    /// <summary>The session of the peer's process; empty until it was heard of.</summary>
    public Guid Session
    {
        get { lock (_gate) { return _session; } }
    }

    /// <summary>Ends when the peer goes down; a wait for its share need not last longer.</summary>
    public CancellationToken WhileUp
    {
        get { lock (_gate) { return _up ? _down.Token : new CancellationToken(true); } }
    }

    /// <summary>An authentic frame or acknowledgement came. Returns true when the peer's process is a new one.</summary>
    public bool Heard(Guid session)
    {
        lock (_gate)
        {
            if (!_up)
            {
                _up = true;
                _down = new CancellationTokenSource();
            }

            if (session == Guid.Empty || session == _session)
            {
                return false;
            }

            bool restarted = _session != Guid.Empty;
            _session = session;
            return restarted;
        }
    }

    /// <summary>The peer does not answer. Returns true when it was up until now.</summary>
    public bool Lost()
    {
        CancellationTokenSource down;
        lock (_gate)
        {
            if (!_up)
            {
                return false;
            }

            _up = false;
            down = _down;
        }

        down.Cancel();
        return true;
    }

    /// <summary>A frame was sent and acknowledged.</summary>
    public void Exchanged(int bytes, AckReason reason)
    {
        Interlocked.Increment(ref FramesOut);
        Interlocked.Add(ref BytesOut, bytes);
        if (reason != AckReason.Ok)
        {
            Interlocked.Increment(ref FramesRefused);
        }
    }

    /// <summary>Places of persistent connections, which the status is to show.</summary>
    internal void Keep(params ReadOnlySpan<ConnectionSlot> slots)
    {
        lock (_gate)
        {
            _kept.AddRange(slots);
        }
    }

    /// <summary>The counters and the persistent connections, for the status.</summary>
    public LinkStatus Status()
    {
        ConnectionSlot[] kept;
        lock (_gate)
        {
            kept = [.. _kept];
        }

        return new LinkStatus(Party, Up, Interlocked.Read(ref ConnectionsOpened), Interlocked.Read(ref ConnectionsFailed),
            Interlocked.Read(ref FramesRefused), Interlocked.Read(ref FramesIn), Interlocked.Read(ref FramesOut),
            Interlocked.Read(ref BytesIn), Interlocked.Read(ref BytesOut), [.. kept.Select(s => s.Status)]);
    }
}

/// <summary>The two peers of this party, and the refusals of frames.</summary>
public sealed class PeerLinks
{
    private readonly ConcurrentDictionary<AckReason, long> _refused = new();

    /// <summary>Takes the peers from the deployment's descriptor.</summary>
    public PeerLinks(int party, PartiesDescriptor parties)
    {
        Party = party;
        All = [.. parties.Parties.Where(p => p.Party != party).OrderBy(p => p.Party).Select(p => new PeerLink(p))];
    }

    /// <summary>This party.</summary>
    public int Party { get; }

    /// <summary>Both peers, in the order of their numbers.</summary>
    public IReadOnlyList<PeerLink> All { get; }

    /// <summary>The link to <paramref name="party"/>.</summary>
    public PeerLink this[int party] => All.First(p => p.Party == party);

    /// <summary>Counts a frame that was refused.</summary>
    public void Refuse(AckReason reason) => _refused.AddOrUpdate(reason, 1, static (_, n) => n + 1);

    /// <summary>Refused frames by reason.</summary>
    public Dictionary<string, long> Refused() => _refused.ToDictionary(p => p.Key.ToString(), p => p.Value);
}
