using System.Diagnostics;
using Orleans.Concurrency;
using Orleans.GrainDirectory;
using Orleans.Runtime;
using Trident.Abstractions;
using Trident.Grains.Exchange;
using Trident.Grains.Exchange.Laboratory;
using Trident.Grains.Exchange.Transports;
using Trident.Grains.Placement;
using Trident.Grains.Tables;

namespace Trident.Grains.Queries;

/// <summary>Tells what this party has counted.</summary>
[PartyPlacement, Reentrant]
[GrainDirectory(GrainDirectoryName = PartyGrainDirectory.Name)]
public sealed class StatusGrain(ServedTables tables, PeerLinks peers, PartyCounters counters, Mailbox mailbox, IShareTransport transport,
    LaboratoryOptions laboratory) : Grain, IStatusGrain
{
    /// <inheritdoc/>
    public Task<PartyStatus> GetAsync(CancellationToken cancellationToken)
    {
        using Process process = Process.GetCurrentProcess();
        return Task.FromResult(new PartyStatus(
            peers.Party,
            [.. tables.All.OrderBy(t => t.Description.Name).Select(Table)],
            [.. peers.All.Select(p => p.Status())],
            Interlocked.Read(ref counters.Answered),
            Interlocked.Read(ref counters.Degraded),
            Interlocked.Read(ref counters.Failed),
            peers.Refused(),
            mailbox.Dropped,
            transport.Name,
            process.WorkingSet64,
            (DateTime.UtcNow - process.StartTime.ToUniversalTime()).TotalSeconds,
            laboratory.Status,
            counters.Recent.Load()));
    }

    private TableStatus Table(ServedTable table) => new(
        table.Description.Name, table.Description.Version, table.Description.Rows, table.Description.Words,
        table.Description.Shape.Element.ToString(), table.Description.Shape.Dimension,
        table.Ledger.Available, table.Ledger.BytesHeld, table.Ledger.MaximumBytes,
        table.Ledger.Leased, table.Ledger.Used, table.Ledger.RefusedUsed + table.Ledger.RefusedUnknown,
        table.Description.Product, table.Revision);
}
