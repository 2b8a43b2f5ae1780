using System.Collections.Concurrent;
using Trident.Abstractions;
using Trident.Protocol.Wire;

namespace Trident.Grains.Exchange.Transports;

/// <summary>
/// One connection per peer and many exchanges under way on it: a frame does not wait for the acknowledgement of the one before,
/// and acknowledgements find their frame by its sequence. How many may be under way is bounded; more wait.
/// </summary>
public sealed class MultiplexedTransport(ExchangeOptions options, PeerConnector connector, LinkSession session) : IShareTransport, IDisposable
{
    private readonly ConcurrentDictionary<PeerLink, Line> _lines = new();

    /// <inheritdoc/>
    public string Name => TransportNames.Multiplexed;

    /// <inheritdoc/>
    public Task<AckReason> SendAsync(PeerLink peer, OutboundFrame frame, CancellationToken cancellationToken) =>
        _lines.GetOrAdd(peer, static (p, of) => new Line(p, of.options, of.connector, of.session), (options, connector, session)).SendAsync(frame, cancellationToken);

    /// <summary>Closes the connections; exchanges under way fail.</summary>
    public void Dispose()
    {
        foreach (Line line in _lines.Values)
        {
            line.Dispose();
        }
    }

    /// <summary>The way to one peer, over one connection after another.</summary>
    private sealed class Line : IDisposable
    {
        private readonly PeerLink _peer;
        private readonly PeerConnector _connector;
        private readonly LinkSession _session;
        private readonly TimeSpan _stepTimeout;
        private readonly ConnectionSlot _slot;
        private readonly SemaphoreSlim _underWay;
        private readonly SemaphoreSlim _opening = new(1);
        private volatile MultiplexedConnection? _connection;

        public Line(PeerLink peer, ExchangeOptions options, PeerConnector connector, LinkSession session)
        {
            (_peer, _connector, _session, _stepTimeout) = (peer, connector, session, options.StepTimeout);
            _slot = new ConnectionSlot(peer, TransportNames.Multiplexed);
            _underWay = new SemaphoreSlim(options.MultiplexedExchanges);
            peer.Keep(_slot);
        }

        public async Task<AckReason> SendAsync(OutboundFrame frame, CancellationToken cancellationToken)
        {
            await _underWay.WaitAsync(cancellationToken);
            try
            {
                for (MultiplexedConnection? closing = null; ;)
                {
                    MultiplexedConnection connection = _connection is { IsOpen: true } open && open != closing
                        ? open
                        : await OpenAsync(closing, cancellationToken);
                    if (connection.TryExchangeAsync(frame, cancellationToken) is { } exchange)
                    {
                        return await CountAsync(exchange);
                    }

                    // It takes no more because it lay idle, or ended just now; nothing was sent on it.
                    closing = connection;
                }
            }
            finally
            {
                _underWay.Release();
            }
        }

        public void Dispose()
        {
            _connection?.Dispose();
        }

        private async Task<AckReason> CountAsync(Task<AckReason> exchange)
        {
            bool done = false;
            _slot.Begin();
            try
            {
                AckReason reason = await exchange;
                done = true;
                return reason;
            }
            finally
            {
                _slot.End(done);
            }
        }

        /// <summary>The open connection, unless it is <paramref name="closing"/>; else a new one.</summary>
        private async Task<MultiplexedConnection> OpenAsync(MultiplexedConnection? closing, CancellationToken cancellationToken)
        {
            await _opening.WaitAsync(cancellationToken);
            try
            {
                if (_connection is { IsOpen: true } open && open != closing)
                {
                    return open;
                }

                // One that closes for idleness ends by itself, when its last acknowledgement has come.
                LinkConnection connection = await _slot.OpenAsync(_connector, cancellationToken);
                return _connection = new MultiplexedConnection(_peer, connection, _session, _stepTimeout,
                    (ended, state) => _slot.Closed(ended, state));
            }
            finally
            {
                _opening.Release();
            }
        }
    }
}
