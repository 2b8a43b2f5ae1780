using Orleans;

namespace Trident.Abstractions;

/// <summary>One query at one party. Keyed by <see cref="PartyKeys.Query"/>; lives for one answer and its parts.</summary>
[Alias("trident.IQueryGrain")]
public interface IQueryGrain : IGrainWithStringKey
{
    /// <summary>Answers the query, once. A second call is refused with <see cref="QueryFailureKind.AlreadyAnswered"/>.</summary>
    /// <param name="request">What the client asks, sealed to this party.</param>
    /// <param name="cancellationToken">Given up by the client.</param>
    [Alias("Answer")]
    Task<QueryAnswer> AnswerAsync(QueryRequest request, CancellationToken cancellationToken);

    /// <summary>Gives a further part of an answer that has several, each once, until the query's deadline.</summary>
    /// <param name="part">Which part, from 1: part 0 is in the answer.</param>
    /// <param name="cancellationToken">Given up by the client.</param>
    [Alias("Part")]
    Task<QueryPart> PartAsync(int part, CancellationToken cancellationToken);
}

/// <summary>Gives out tickets for stock, each of a party's own third.</summary>
[Alias("trident.ITicketGrain")]
public interface ITicketGrain : IGrainWithStringKey
{
    /// <summary>Leases up to <paramref name="count"/> tickets (1 to 1,024) for one version of a table.</summary>
    /// <param name="tableVersion">The version.</param>
    /// <param name="count">How many are wanted.</param>
    /// <param name="traceParent">
    /// The client's span of this lease, as <see cref="QueryRequest.TraceParent"/>; null when the client records none, and from clients
    /// that do not know of it.
    /// </param>
    /// <param name="cancellationToken">Given up by the client.</param>
    [Alias("Lease")]
    Task<TicketLease> LeaseAsync(Guid tableVersion, int count, string? traceParent, CancellationToken cancellationToken);
}

/// <summary>Changes tables. Keyed by <see cref="PartyKeys.Tables"/>.</summary>
[Alias("trident.ITableGrain")]
public interface ITableGrain : IGrainWithStringKey
{
    /// <summary>Makes the change if all three parties will, and answers once that is decided.</summary>
    /// <param name="request">The change, sealed to this party by the data owner.</param>
    /// <param name="cancellationToken">Ends the waiting, not the change.</param>
    [Alias("Put")]
    Task<PutAnswer> PutAsync(PutRequest request, CancellationToken cancellationToken);
}

/// <summary>What an operator may see of a party.</summary>
[Alias("trident.IStatusGrain")]
public interface IStatusGrain : IGrainWithStringKey
{
    /// <summary>Counts and levels of this party, as of now.</summary>
    [Alias("Get")]
    Task<PartyStatus> GetAsync(CancellationToken cancellationToken);
}
