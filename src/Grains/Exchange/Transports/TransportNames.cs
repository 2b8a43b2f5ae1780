namespace Trident.Grains.Exchange.Transports;

/// <summary>The names of the transports, and of the use of the one connection that is not a transport's.</summary>
public static class TransportNames
{
    /// <summary>A fresh connection per exchange.</summary>
    public const string Ephemeral = "ephemeral";

    /// <summary>One connection to each peer, one exchange at a time on it.</summary>
    public const string Shared = "shared";

    /// <summary>A fixed number of connections to each peer, borrowed and returned.</summary>
    public const string Pooled = "pooled";

    /// <summary>One connection to each peer, many exchanges under way on it.</summary>
    public const string Multiplexed = "multiplexed";

    /// <summary>The connection of the heartbeats.</summary>
    public const string Control = "control";

    /// <summary>What configuration may choose from; the default first.</summary>
    public static readonly IReadOnlyList<string> All = [Ephemeral, Shared, Pooled, Multiplexed];

    /// <summary>The transport that the options choose.</summary>
    /// <exception cref="ArgumentException">There is none of that name; the message lists those there are.</exception>
    public static IShareTransport Create(ExchangeOptions options, PeerConnector connector, Protocol.Wire.LinkSession session) => options.Transport switch
    {
        Ephemeral => new EphemeralTransport(connector, session),
        Shared => new PooledTransport(Shared, 1, connector, session),
        Pooled => new PooledTransport(Pooled, options.PoolSize, connector, session),
        Multiplexed => new MultiplexedTransport(options, connector, session),
        string other => throw new ArgumentException($"There is no transport '{other}'; there are {string.Join(", ", All)}."),
    };
}
