using System.Diagnostics;
using Orleans.Concurrency;
using Orleans.GrainDirectory;
using Orleans.Runtime;
using Trident.Abstractions;
using Trident.Grains.Exchange;
using Trident.Grains.Placement;
using Trident.Grains.Tables;
using Trident.Grains.Telemetry;
using Trident.Protocol.Product;

namespace Trident.Grains.Queries;

/// <summary>
/// Gives out this party's third of the stock, at most half of what is left of it at a time: one client does not take it all from others.
/// Reentrant: a lease that waits for stock must not hold up another table's.
/// </summary>
[PartyPlacement, Reentrant]
[GrainDirectory(GrainDirectoryName = PartyGrainDirectory.Name)]
public sealed class TicketGrain(ServedTables tables, PeerLinks peers) : Grain, ITicketGrain
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public async Task<TicketLease> LeaseAsync(Guid tableVersion, int count, string? traceParent, CancellationToken cancellationToken)
    {
        using Activity? span = PartySpans.Start("trident.lease", traceParent, peers.Party);
        TicketLease lease = PartyInstruments.Lease(await TryLeaseAsync(tableVersion, count, cancellationToken));
        span?.SetTag("trident.tickets", lease.Ranges.Sum(r => r.Items.Length)).SetTag("trident.outcome", PartyInstruments.OutcomeOf(lease));
        span?.SetStatus(lease.Failure is null ? ActivityStatusCode.Ok : ActivityStatusCode.Error);
        return lease;
    }

    private async Task<TicketLease> TryLeaseAsync(Guid tableVersion, int count, CancellationToken cancellationToken)
    {
        int party = PartyKeys.PartyOf(this.GetPrimaryKeyString());
        if (party != peers.Party)
        {
            return Refused(QueryFailureKind.ForeignSilo, $"Party {peers.Party} does not give out the tickets of party {party}.");
        }

        if (count is < 1 or > QueryPlaintext.MaxCount)
        {
            return Refused(QueryFailureKind.BadRequest, $"A lease of {count} tickets: 1 to {QueryPlaintext.MaxCount} are given at once.");
        }

        if (tables.Find(tableVersion) is not { } table)
        {
            return Refused(QueryFailureKind.UnknownTable, $"Party {party} serves no table of version {tableVersion}.");
        }

        List<Ticket> tickets = new(count);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        while (true)
        {
            Task changed = table.StockChanged;
            if (table.Ledger.TryLease(party, (int)Math.Min(count, (table.Ledger.Leasable(party) + 1) / 2), tickets))
            {
                return new TicketLease([.. tickets.GroupBy(t => t.Batch).Select(g => new TicketRange(g.Key.ToArray(), [.. g.Select(t => t.Item)]))], null);
            }

            try
            {
                await changed.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                return Refused(QueryFailureKind.NoStock, $"Party {party} has no stock for the table; it is made when all three parties are up.");
            }
        }

        static TicketLease Refused(QueryFailureKind kind, string message) => new([], new QueryFailure(kind, message));
    }
}
