using Orleans;

namespace Trident.Abstractions;

/// <summary>A party's counters since it started.</summary>
[GenerateSerializer, Immutable, Alias("trident.PartyStatus")]
public sealed record PartyStatus(
    [property: Id(0)] int Party,
    [property: Id(1)] TableStatus[] Tables,
    [property: Id(2)] LinkStatus[] Links,
    [property: Id(3)] long Answered,
    [property: Id(4)] long Degraded,
    [property: Id(5)] long Failed,
    [property: Id(6)] Dictionary<string, long> FramesRefused,
    [property: Id(7)] long FramesDropped,
    [property: Id(8)] string Transport,
    [property: Id(9)] long WorkingSetBytes,
    [property: Id(10)] double UptimeSeconds,
    [property: Id(11)] LaboratoryStatus? Laboratory,
    [property: Id(12)] LoadStatus? Load = null);

/// <summary>The load of a party over the last ten seconds, or less when it is high.</summary>
/// <param name="QueriesPerSecond">Queries answered.</param>
/// <param name="P50Ms">Median of their times at the party, in milliseconds; 0 when there were none.</param>
/// <param name="P95Ms">The 95th percentile.</param>
[GenerateSerializer, Immutable, Alias("trident.LoadStatus")]
public sealed record LoadStatus([property: Id(0)] double QueriesPerSecond, [property: Id(1)] double P50Ms, [property: Id(2)] double P95Ms);

/// <summary>That links are made to behave as slower ones, and how; a silo in production has no such status.</summary>
/// <param name="LinkDelayMs">One-way delay of every link in milliseconds.</param>
/// <param name="LinkMegabitsPerSecond">Bandwidth of every link and direction; 0 when it is not limited.</param>
[GenerateSerializer, Immutable, Alias("trident.LaboratoryStatus")]
public sealed record LaboratoryStatus([property: Id(0)] double LinkDelayMs, [property: Id(1)] double LinkMegabitsPerSecond);

/// <summary>One table as a party serves it. Sizes in bytes, of the stock that is held and of what it may hold; the revision counts the changes since the table was shared.</summary>
[GenerateSerializer, Immutable, Alias("trident.TableStatus")]
public sealed record TableStatus(
    [property: Id(0)] string Name,
    [property: Id(1)] Guid Version,
    [property: Id(2)] int Rows,
    [property: Id(3)] int Words,
    [property: Id(4)] string Element,
    [property: Id(5)] int Dimension,
    [property: Id(6)] long StockItems,
    [property: Id(7)] long StockBytes,
    [property: Id(8)] long StockBudget,
    [property: Id(9)] long TicketsLeased,
    [property: Id(10)] long TicketsUsed,
    [property: Id(11)] long TicketsRefused,
    [property: Id(12)] string Product,
    [property: Id(13)] long Revision);

/// <summary>The link to one peer: connections this party opened, the persistent ones among them, and frames both ways.</summary>
[GenerateSerializer, Immutable, Alias("trident.LinkStatus")]
public sealed record LinkStatus(
    [property: Id(0)] int Peer,
    [property: Id(1)] bool Up,
    [property: Id(2)] long ConnectionsOpened,
    [property: Id(3)] long ConnectionsFailed,
    [property: Id(4)] long FramesRefused,
    [property: Id(5)] long FramesIn,
    [property: Id(6)] long FramesOut,
    [property: Id(7)] long BytesIn,
    [property: Id(8)] long BytesOut,
    [property: Id(9)] ConnectionStatus[] Connections);

/// <summary>A persistent connection to a peer.</summary>
/// <param name="Use"><c>control</c> for the heartbeats, or the transport that sends on it.</param>
/// <param name="State">What it does now.</param>
/// <param name="Exchanges">Frames sent on it and acknowledged, over all that stood in this place.</param>
/// <param name="Opened">How often it was opened; beyond one it was replaced.</param>
/// <param name="UnderWay">Exchanges that wait for their acknowledgement.</param>
[GenerateSerializer, Immutable, Alias("trident.ConnectionStatus")]
public sealed record ConnectionStatus(
    [property: Id(0)] string Use,
    [property: Id(1)] ConnectionState State,
    [property: Id(2)] long Exchanges,
    [property: Id(3)] long Opened,
    [property: Id(4)] int UnderWay);

/// <summary>The states of a persistent connection.</summary>
public enum ConnectionState
{
    /// <summary>Not opened yet, or closed because nothing was to be sent.</summary>
    Closed = 0,
    /// <summary>Being opened.</summary>
    Connecting,
    /// <summary>Open, and nothing under way.</summary>
    Idle,
    /// <summary>An exchange is under way.</summary>
    Busy,
    /// <summary>It failed, and is opened anew for the next exchange.</summary>
    Broken,
}
