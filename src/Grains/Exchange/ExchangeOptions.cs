using Trident.Grains.Exchange.Transports;

namespace Trident.Grains.Exchange;

/// <summary>Settings of the share exchange between parties.</summary>
public sealed class ExchangeOptions
{
    /// <summary>The transport to use, one of <see cref="TransportNames.All"/>.</summary>
    public string Transport { get; set; } = TransportNames.Ephemeral;

    /// <summary>Connections to each peer of the transport <c>pooled</c>, 1 to 1,024.</summary>
    public int PoolSize { get; set; } = 4;

    /// <summary>Exchanges under way to each peer with the transport <c>multiplexed</c>, 1 to 65,536; more wait.</summary>
    public int MultiplexedExchanges { get; set; } = 256;

    /// <summary>Socket send buffer in bytes; 0 leaves it to the system.</summary>
    public int SendBufferBytes { get; set; } = 256 * 1024;

    /// <summary>Socket receive buffer in bytes; 0 leaves it to the system.</summary>
    public int ReceiveBufferBytes { get; set; } = 256 * 1024;

    /// <summary>The most that one step (connect, send, acknowledgement, reading a frame) may take.</summary>
    public TimeSpan StepTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a query waits for the third share once it has two.</summary>
    public TimeSpan Grace { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long a frame that nobody collects is kept.</summary>
    public TimeSpan MailboxLifetime { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The most bytes that may wait in the mailbox.</summary>
    public long MailboxBytes { get; set; } = 256L << 20;

    /// <summary>The most bytes of frames that are being read and are not yet authenticated.</summary>
    public int UnauthenticatedBytes { get; set; } = 128 << 20;

    /// <summary>The most connections that the exchange listener holds at once.</summary>
    public int MaxConnections { get; set; } = 1024;

    /// <summary>Time between two heartbeats to a peer.</summary>
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The most queries that are answered at once; more wait.</summary>
    public int MaxConcurrentQueries { get; set; } = 64;

    /// <summary>The most bytes that queries under way hold together, their peers' shares included; more wait.</summary>
    public long QueryBytes { get; set; } = 512L << 20;

    /// <summary>The most bytes of answers of several parts that are computed or wait to be collected; queries that find no room wait for it.</summary>
    public long AnswerBytes { get; set; } = 256L << 20;

    /// <summary>How long a party that is ready to change a table waits for its peers' votes before it asks for them, and between two questions.</summary>
    public TimeSpan PutPatience { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The most that a caller of a change waits for its end at a party; the change itself goes on.</summary>
    public TimeSpan PutTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>What a table's stock may hold in memory, in bytes. Wide tables hold more where this is too little for the smallest useful stock; the status shows how much.</summary>
    public long StockBudgetBytes { get; set; } = 4L << 20;

    /// <summary>Refuses settings that cannot work.</summary>
    /// <exception cref="ArgumentException">The message names the setting and what it may be.</exception>
    public void Validate()
    {
        if (!TransportNames.All.Contains(Transport))
        {
            throw new ArgumentException($"There is no transport '{Transport}'; there are {string.Join(", ", TransportNames.All)}.");
        }

        Between(PoolSize, 1, 1024, nameof(PoolSize));
        Between(MultiplexedExchanges, 1, 65_536, nameof(MultiplexedExchanges));

        static void Between(int value, int least, int most, string name)
        {
            if (value < least || value > most)
            {
                throw new ArgumentException($"Exchange:{name} is {value}; it may be {least} to {most}.");
            }
        }
    }
}
