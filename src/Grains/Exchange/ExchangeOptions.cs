namespace Trident.Grains.Exchange;

/// <summary>Settings of the share exchange between parties.</summary>
public sealed class ExchangeOptions
{
    /// <summary>The transport to use. <c>ephemeral</c>: a fresh connection per frame.</summary>
    public string Transport { get; set; } = "ephemeral";

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

    /// <summary>How long a party that is ready to change a table waits for its peers' votes before it asks for them, and between two questions.</summary>
    public TimeSpan PutPatience { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The most that a caller of a change waits for its end at a party; the change itself goes on.</summary>
    public TimeSpan PutTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>What a table's stock may hold in memory, in bytes.</summary>
    public long StockBudgetBytes { get; set; } = 4L << 20;
}
