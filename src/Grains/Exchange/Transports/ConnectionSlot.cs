using Trident.Abstractions;

namespace Trident.Grains.Exchange.Transports;

/// <summary>
/// A place for one persistent connection to a peer, and what an operator sees of it. The connection in it is opened when it is
/// needed first, and replaced when it broke.
/// </summary>
/// <param name="peer">The peer.</param>
/// <param name="use">What it is for: a transport's name, or <see cref="TransportNames.Control"/>.</param>
internal sealed class ConnectionSlot(PeerLink peer, string use)
{
    private readonly Lock _gate = new();
    private ConnectionState _state = ConnectionState.Closed;
    private long _exchanges;
    private long _opened;
    private int _underWay;

    /// <summary>The connection that is open now. Only who has the slot sets it.</summary>
    public LinkConnection? Connection { get; set; }

    /// <summary>As of now.</summary>
    public ConnectionStatus Status
    {
        get { lock (_gate) { return new ConnectionStatus(use, _state, _exchanges, _opened, _underWay); } }
    }

    /// <summary>Opens a connection into the slot.</summary>
    /// <exception cref="TransportException">It cannot be opened.</exception>
    public async Task<LinkConnection> OpenAsync(PeerConnector connector, CancellationToken cancellationToken)
    {
        Set(ConnectionState.Connecting);
        try
        {
            Connection = await connector.ConnectAsync(peer, cancellationToken);
        }
        catch
        {
            Set(ConnectionState.Broken);
            throw;
        }

        lock (_gate)
        {
            _opened++;
            _state = ConnectionState.Idle;
        }

        return Connection;
    }

    /// <summary>Closes what is in the slot.</summary>
    public void Close(ConnectionState state)
    {
        Connection?.Dispose();
        Connection = null;
        Set(state);
    }

    /// <summary>A connection has been closed; that is the slot's state if it is the one that stands in it.</summary>
    public void Closed(LinkConnection connection, ConnectionState state)
    {
        if (Connection == connection)
        {
            Set(state);
        }
    }

    /// <summary>An exchange begins on the connection.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            _underWay++;
            _state = ConnectionState.Busy;
        }
    }

    /// <summary>An exchange is over, well or badly.</summary>
    public void End(bool done)
    {
        lock (_gate)
        {
            _underWay--;
            _exchanges += done ? 1 : 0;
            if (_state == ConnectionState.Busy && _underWay == 0)
            {
                _state = ConnectionState.Idle;
            }
        }
    }

    private void Set(ConnectionState state)
    {
        lock (_gate)
        {
            _state = state;
        }
    }
}
