using Orleans;

namespace Trident.Abstractions;

/// <summary>A query to one party. All that says what is asked for is inside <see cref="Sealed"/>.</summary>
[GenerateSerializer, Immutable, Alias("trident.QueryRequest")]
public sealed record QueryRequest(
    [property: Id(0)] Guid TableVersion,
    [property: Id(1)] Guid QueryId,
    [property: Id(2)] int Count,
    [property: Id(3)] byte ParticipantsMask,
    [property: Id(4)] byte[] Sealed,
    [property: Id(5)] int DeadlineMilliseconds)
{
    /// <summary>Whether the client says that it asked this party too (bit p − 1).</summary>
    public bool Participates(int party) => (ParticipantsMask >> (party - 1) & 1) == 1;
}

/// <summary>A party's answer: a sealed share, or the first of several parts of one, or the reason why there is none.</summary>
[GenerateSerializer, Immutable, Alias("trident.QueryAnswer")]
public sealed record QueryAnswer(
    [property: Id(0)] byte[] Sealed,
    [property: Id(1)] bool AllAgreed,
    [property: Id(2)] PhaseTimes Phases,
    [property: Id(3)] long BytesSent,
    [property: Id(4)] long BytesReceived,
    [property: Id(5)] QueryFailure? Failure,
    [property: Id(6)] int Parts = 1)
{
    /// <summary>Words of each part of an answer but the last, so that no message is much larger than 1 MiB.</summary>
    public const int PartWords = 1 << 18;

    /// <summary>How many parts an answer of so many words has.</summary>
    public static int PartsOf(long words) => (int)Math.Max(1, (words + PartWords - 1) / PartWords);

    /// <summary>The words of one part of an answer: the first one, and how many.</summary>
    public static (int First, int Count) PartRange(int part, int words) =>
        (part * PartWords, Math.Min(PartWords, words - part * PartWords));

    /// <summary>An answer that is a refusal.</summary>
    public static QueryAnswer Refused(QueryFailureKind kind, string message) =>
        new([], false, default, 0, 0, new QueryFailure(kind, message));
}

/// <summary>A further part of an answer, sealed, or the reason why there is none.</summary>
[GenerateSerializer, Immutable, Alias("trident.QueryPart")]
public sealed record QueryPart([property: Id(0)] byte[] Sealed, [property: Id(1)] QueryFailure? Failure);

/// <summary>Where a party's time went, in milliseconds.</summary>
[GenerateSerializer, Immutable, Alias("trident.PhaseTimes")]
public readonly record struct PhaseTimes(
    [property: Id(0)] double KeyEvaluationMs,
    [property: Id(1)] double MaskingMs,
    [property: Id(2)] double ExchangeMs,
    [property: Id(3)] double ReconstructionMs);

/// <summary>Why a party did not answer. Failures are values: an exception would cross the cluster as a stack trace.</summary>
[GenerateSerializer, Immutable, Alias("trident.QueryFailure")]
public sealed record QueryFailure([property: Id(0)] QueryFailureKind Kind, [property: Id(1)] string Message);

/// <summary>The reasons of <see cref="QueryFailure"/>.</summary>
public enum QueryFailureKind
{
    /// <summary>Something in the party went wrong; its log says what.</summary>
    Internal = 0,
    /// <summary>The party serves no table of that version.</summary>
    UnknownTable,
    /// <summary>A selector key of the wrong size, version, party or row count, or a vector's share of the wrong length or range.</summary>
    BadKey,
    /// <summary>A request that does not open or does not parse.</summary>
    BadRequest,
    /// <summary>A ticket that was used before.</summary>
    UsedTicket,
    /// <summary>A ticket of a batch that this party does not hold.</summary>
    UnknownTicket,
    /// <summary>Shares that do not lie on one line: a party lies, or is broken.</summary>
    OffTheLine,
    /// <summary>No peer's share came.</summary>
    NoPeers,
    /// <summary>No stock until the deadline.</summary>
    NoStock,
    /// <summary>The party has more queries under way than it takes.</summary>
    Overloaded,
    /// <summary>This query id was answered before.</summary>
    AlreadyAnswered,
    /// <summary>The grain was started in a silo of another party, and refused.</summary>
    ForeignSilo,
    /// <summary>The query's deadline passed.</summary>
    Deadline,
    /// <summary>The table was changed while the query was under way: the parties' shares are of different revisions.</summary>
    TableChanged,
}

/// <summary>Tickets of one lease, or why there are none.</summary>
[GenerateSerializer, Immutable, Alias("trident.TicketLease")]
public sealed record TicketLease([property: Id(0)] TicketRange[] Ranges, [property: Id(1)] QueryFailure? Failure);

/// <summary>Leased items of one batch.</summary>
[GenerateSerializer, Immutable, Alias("trident.TicketRange")]
public sealed record TicketRange([property: Id(0)] byte[] Batch, [property: Id(1)] int[] Items);
