using System.Collections.Concurrent;
using Trident.Abstractions;
using Trident.Protocol.Wire;

namespace Trident.Grains.Exchange.Transports;

/// <summary>
/// A fixed number of connections to each peer, borrowed for one exchange and returned; who finds none free stands in line. With
/// one connection it is the transport <c>shared</c>: queries queue behind each other, as in the system that this one follows.
/// </summary>
/// <param name="name">The transport's name, or the connections' use.</param>
/// <param name="size">Connections to each peer, one or more.</param>
/// <param name="connector">Opens connections.</param>
/// <param name="session">Opens acknowledgements.</param>
public sealed class PooledTransport(string name, int size, PeerConnector connector, LinkSession session)
    : IShareTransport, IDisposable
{
    private readonly ConcurrentDictionary<PeerLink, Pool> _pools = new();

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public async Task<AckReason> SendAsync(PeerLink peer, OutboundFrame frame, CancellationToken cancellationToken)
    {
        Pool pool = _pools.GetOrAdd(peer, static (p, use) => new Pool(p, use.name, use.size), (name, size));
        ConnectionSlot slot = await pool.BorrowAsync(cancellationToken);
        bool done = false;
        try
        {
            if (slot.Connection is { IsFresh: false })
            {
                slot.Close(ConnectionState.Closed);
            }

            LinkConnection connection = slot.Connection ?? await slot.OpenAsync(connector, cancellationToken);
            slot.Begin();
            try
            {
                AckReason reason = await connection.ExchangeAsync(frame, session, cancellationToken);
                done = reason.LeavesConnectionOpen();
                return reason;
            }
            finally
            {
                slot.End(done);
            }
        }
        finally
        {
            if (!done && slot.Connection is not null)
            {
                // Out of step, or refused in a way after which the peer closes: the next borrower gets a fresh one.
                slot.Close(ConnectionState.Broken);
            }

            pool.Return(slot);
        }
    }

    /// <summary>Closes the connections that are not borrowed; those that are end with their exchange.</summary>
    public void Dispose()
    {
        foreach (Pool pool in _pools.Values)
        {
            pool.CloseIdle();
        }
    }

    private sealed class Pool
    {
        private readonly SemaphoreSlim _free;

        // The one used last is taken first, so that those that are not needed grow old and are closed.
        private readonly ConcurrentStack<ConnectionSlot> _slots;

        public Pool(PeerLink peer, string use, int size)
        {
            _free = new SemaphoreSlim(size);
            ConnectionSlot[] slots = [.. Enumerable.Range(0, size).Select(_ => new ConnectionSlot(peer, use))];
            _slots = new ConcurrentStack<ConnectionSlot>(slots);
            peer.Keep(slots);
        }

        /// <summary>Waits in line for a free connection. Every exchange ahead ends within its steps' limits, so the line moves.</summary>
        public async Task<ConnectionSlot> BorrowAsync(CancellationToken cancellationToken)
        {
            await _free.WaitAsync(cancellationToken);
            return _slots.TryPop(out ConnectionSlot? slot) ? slot : throw new InvalidOperationException("A pool has lost a connection's place.");
        }

        public void Return(ConnectionSlot slot)
        {
            _slots.Push(slot);
            _free.Release();
        }

        public void CloseIdle()
        {
            while (_slots.TryPop(out ConnectionSlot? slot))
            {
                slot.Close(ConnectionState.Closed);
            }
        }
    }
}
