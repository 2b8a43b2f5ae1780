using Trident.Abstractions;
using Trident.Grains.Exchange;
using Trident.Grains.Queries;
using Trident.Grains.Tables;
using Trident.Grains.Telemetry;

namespace Trident.Silo.Http;

/// <summary>What the page shows: the status of the three, and what this party saw of the last queries.</summary>
/// <param name="Party">This party.</param>
/// <param name="Parties">Status of parties 1, 2 and 3; null for one that does not answer.</param>
/// <param name="Seen">The last queries, newest first. They never leave this party.</param>
/// <param name="TableNames">Names of this party's tables by version.</param>
public sealed record PageStatus(int Party, PartyStatus?[] Parties, SeenQuery[] Seen, Dictionary<Guid, string> TableNames);

/// <summary>Asks the three parties' status grains.</summary>
public sealed class ClusterStatus(IClusterClient cluster, PeerLinks peers, PartyCounters counters, ServedTables tables)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>The status as of now; a party that does not answer within a second is shown as down.</summary>
    public async Task<PageStatus> GetAsync(CancellationToken cancellationToken)
    {
        PartyStatus?[] parties = await Task.WhenAll(Enumerable.Range(1, 3).Select(p => AskAsync(p, cancellationToken)));
        return new PageStatus(peers.Party, parties, counters.Recent.Seen(), tables.All.ToDictionary(t => t.Description.Version, t => t.Description.Name));
    }

    private async Task<PartyStatus?> AskAsync(int party, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            return await cluster.GetGrain<IStatusGrain>(PartyKeys.Status(party)).GetAsync(limit.Token).WaitAsync(limit.Token);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            // Placement finds no silo of the party, or the call to it is lost: down, as far as can be told from here.
            return null;
        }
    }
}
