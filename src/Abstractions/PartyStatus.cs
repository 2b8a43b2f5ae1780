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
    [property: Id(10)] double UptimeSeconds);

/// <summary>One table as a party serves it. Sizes in bytes; the revision counts the changes since the table was shared.</summary>
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

/// <summary>The link to one peer: connections this party opened, and frames both ways.</summary>
[GenerateSerializer, Immutable, Alias("trident.LinkStatus")]
public sealed record LinkStatus(
    [property: Id(0)] int Peer,
    [property: Id(1)] bool Up,
    [property: Id(2)] long ConnectionsOpened,
    [property: Id(3)] long ConnectionsFailed,
    [property: Id(4)] long ConnectionsRefused,
    [property: Id(5)] long FramesIn,
    [property: Id(6)] long FramesOut,
    [property: Id(7)] long BytesIn,
    [property: Id(8)] long BytesOut);
