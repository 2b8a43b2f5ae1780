using Trident.Abstractions;

namespace Trident.Client;

/// <summary>The way to one party. Calls throw when the party cannot be reached; refusals are values.</summary>
internal interface IPartyLink : IAsyncDisposable
{
    /// <summary>Connects; nothing happens when it is connected.</summary>
    Task ConnectAsync(CancellationToken cancellationToken);

    /// <summary>Drops the connection, so that the next <see cref="ConnectAsync"/> makes a fresh one.</summary>
    Task DisconnectAsync();

    Task<TicketLease> LeaseAsync(Guid tableVersion, int count, string? traceParent, CancellationToken cancellationToken);

    Task<QueryAnswer> AnswerAsync(QueryRequest request, CancellationToken cancellationToken);

    /// <summary>A further part of the answer to a query, from 1.</summary>
    Task<QueryPart> PartAsync(Guid query, int part, CancellationToken cancellationToken);

    Task<PutAnswer> PutAsync(PutRequest request, CancellationToken cancellationToken);

    Task<PartyStatus> StatusAsync(CancellationToken cancellationToken);
}
