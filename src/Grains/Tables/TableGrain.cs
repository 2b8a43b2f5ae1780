using Orleans.Concurrency;
using Orleans.GrainDirectory;
using Orleans.Runtime;
using Trident.Abstractions;
using Trident.Grains.Exchange;
using Trident.Grains.Placement;

namespace Trident.Grains.Tables;

/// <summary>Takes the data owner's changes. Reentrant: one that waits for the peers' votes must not hold up another table's.</summary>
[PartyPlacement, Reentrant]
[GrainDirectory(GrainDirectoryName = PartyGrainDirectory.Name)]
public sealed class TableGrain(TableKeeper keeper, PeerLinks peers, ILocalSiloDetails silo) : Grain, ITableGrain
{
    /// <inheritdoc/>
    public Task<PutAnswer> PutAsync(PutRequest request, CancellationToken cancellationToken)
    {
        int party = PartyKeys.PartyOf(this.GetPrimaryKeyString());
        return party != peers.Party || party != SiloNames.PartyOf(silo.Name)
            ? Task.FromResult(PutAnswer.Refused(PutFailureKind.ForeignSilo, $"Silo {silo.Name} does not change the tables of party {party}."))
            // Off the grain scheduler: the journal is written to the disk.
            : Task.Run(() => keeper.PutAsync(request, cancellationToken), CancellationToken.None);
    }
}
