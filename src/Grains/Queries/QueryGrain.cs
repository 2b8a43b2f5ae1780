using Orleans.GrainDirectory;
using Orleans.Runtime;
using Trident.Abstractions;
using Trident.Grains.Exchange;
using Trident.Grains.Exchange.Transports;
using Trident.Grains.Placement;

namespace Trident.Grains.Queries;

/// <summary>One query at one party: activated for it, answers once, and goes.</summary>
[PartyPlacement]
[GrainDirectory(GrainDirectoryName = PartyGrainDirectory.Name)]
public sealed class QueryGrain(QueryRunner runner, OutboundFrames outbound, PeerLinks peers, ILocalSiloDetails silo) : Grain, IQueryGrain
{
    private bool _foreign;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        // Placement is affinity, not isolation: fail closed.
        int party = PartyKeys.PartyOf(this.GetPrimaryKeyString());
        _foreign = party != peers.Party || party != SiloNames.PartyOf(silo.Name);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<QueryAnswer> AnswerAsync(QueryRequest request, CancellationToken cancellationToken)
    {
        if (_foreign)
        {
            DeactivateOnIdle();
            return QueryAnswer.Refused(QueryFailureKind.ForeignSilo, $"The query {this.GetPrimaryKeyString()} was placed in silo {silo.Name}, and does not run there.");
        }

        if (this.GetPrimaryKeyString() != PartyKeys.Query(peers.Party, request.QueryId))
        {
            return QueryAnswer.Refused(QueryFailureKind.BadRequest, "The query id of the request is not that of the grain.");
        }

        IShareTransportGrain transport = GrainFactory.GetGrain<IShareTransportGrain>(0);
        try
        {
            // Off the grain scheduler: key evaluation and the product hold a thread for milliseconds.
            return await Task.Run(() => runner.RunAsync(request, (peer, frame, ct) => transport.SendAsync(outbound.Add(peer, frame), ct), cancellationToken), CancellationToken.None);
        }
        finally
        {
            DeactivateOnIdle();
        }
    }
}
