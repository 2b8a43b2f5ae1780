using Microsoft.Extensions.Logging;
using Orleans.GrainDirectory;
using Orleans.Runtime;
using Trident.Abstractions;
using Trident.Grains.Exchange;
using Trident.Grains.Exchange.Transports;
using Trident.Grains.Placement;
using Trident.Protocol.Wire;

namespace Trident.Grains.Queries;

/// <summary>One query at one party: activated for it, answers once, and goes when all parts of the answer were taken.</summary>
[PartyPlacement]
[GrainDirectory(GrainDirectoryName = PartyGrainDirectory.Name)]
public sealed partial class QueryGrain(QueryRunner runner, WaitingAnswers waiting, OutboundFrames outbound, FrameSender sender, PeerLinks peers, ILocalSiloDetails silo,
    ILogger<QueryGrain> log) : Grain, IQueryGrain
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
            DeactivateOnIdle();
            return QueryAnswer.Refused(QueryFailureKind.BadRequest, "The query id of the request is not that of the grain.");
        }

        IShareTransportGrain transport = GrainFactory.GetGrain<IShareTransportGrain>(0);
        bool stay = false;
        try
        {
            // Off the grain scheduler: key evaluation and the product hold a thread for milliseconds.
            QueryAnswer answer = await Task.Run(() => runner.RunAsync(request, (peer, frame, ct) => SendAsync(transport, peer, frame, ct), cancellationToken), CancellationToken.None);
            stay = answer.Parts > 1;
            return answer;
        }
        finally
        {
            if (!stay)
            {
                DeactivateOnIdle();
            }
        }
    }

    /// <inheritdoc/>
    public Task<QueryPart> PartAsync(int part, CancellationToken cancellationToken)
    {
        // The answer is the process's, not the activation's: it goes at its deadline whether or not this grain is still there.
        bool last = false;
        QueryPart taken = _foreign
            ? new QueryPart([], new QueryFailure(QueryFailureKind.ForeignSilo, $"The query {this.GetPrimaryKeyString()} was placed in silo {silo.Name}, and does not run there."))
            : waiting.Take(PartyKeys.QueryIdOf(this.GetPrimaryKeyString()), part, out last);
        if (last || taken.Failure is not null)
        {
            DeactivateOnIdle();
        }

        return Task.FromResult(taken);
    }

    private async Task<AckReason?> SendAsync(IShareTransportGrain transport, int peer, OutboundFrame frame, CancellationToken cancellationToken)
    {
        long handle = outbound.Add(peer, frame);
        try
        {
            return await transport.SendAsync(handle, cancellationToken);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException && outbound.TryTake(handle, out _))
        {
            // Orleans could not carry the call, as may happen while a silo of the cluster dies. The frame is still here, so nobody
            // has sent it, and what becomes of another party's silo must not cost this party its share.
            NotCarried(log, peer, e.Message);
            return await sender.SendAsync(peer, frame, cancellationToken);
        }
        finally
        {
            outbound.TryTake(handle, out _);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The transport grain was not reached for a frame to party {Peer}, which is sent without it: {Reason}")]
    private static partial void NotCarried(ILogger logger, int peer, string reason);
}
