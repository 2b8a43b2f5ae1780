using System.Collections.Concurrent;
using System.Diagnostics;
using Trident.Abstractions;
using Trident.Protocol.Field;
using Trident.Protocol.Sealing;
using Trident.Protocol.Tables;

namespace Trident.Client;

/// <summary>Asks a described table for rows or for scores: tickets, attempts, and what to do when one fails.</summary>
internal sealed class Fetcher(TridentClientOptions options, PartySet parties, ClientSeal[] seals, CancellationToken stopping)
{
    // Longer than a party waits for stock: what it gives must arrive, or it would be lost.
    private static readonly TimeSpan LeasePatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan FirstRetryDelay = TimeSpan.FromMilliseconds(100);
    private readonly ConcurrentDictionary<Guid, LeasePool> _pools = new();

    /// <summary>Fetches rows that are in the table.</summary>
    public async Task<FetchResult> FetchAsync(TableDescription table, int[] rows, CancellationToken cancellationToken)
    {
        if (table.IsScores)
        {
            throw new UnknownTableException($"'{table.Name}' is a score table: it has scores and no records. Search its collection instead.");
        }

        Asked asked = await AskAsync(table, rows.Length, (tickets, asks, left) => SealedQuery.Make(table, rows, tickets, asks, seals, left), cancellationToken);
        return new FetchResult
        {
            Records = AnswerOpener.Records(table, rows.Length, asked.Outcome.Words!, asked.Outcome.Replies.Where(r => r.Share is not null).Select(r => r.Party.Number)),
            Unverified = asked.Outcome.Unverified,
            Latency = asked.Latency,
            Phases = asked.Phases,
            BytesToEachPeer = asked.BytesToEachPeer,
            Attempts = asked.Attempts,
            Table = table,
        };
    }

    /// <summary>Multiplies vectors with a score table.</summary>
    /// <param name="scores">The score table.</param>
    /// <param name="vectors">1 to <see cref="QueryLimits.MaxRows"/> vectors of <c>scores.Rows</c> words below p; they stay the caller's.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">No score table, or vectors that do not fit it.</exception>
    /// <exception cref="TridentException">As a fetch.</exception>
    public async Task<ScoreAnswer> ScoreAsync(TableDescription scores, uint[][] vectors, CancellationToken cancellationToken)
    {
        int most = QueryLimits.MaxRows(scores);
        if (!scores.IsScores || vectors.Length < 1 || vectors.Length > most || vectors.Any(v => v.Length != scores.Rows || !FieldVector.AllBelowP(v)))
        {
            throw new ArgumentException(
                $"Table '{scores.Name}' takes 1 to {most} vectors of {scores.Rows} words below p, if it is a score table.", nameof(vectors));
        }

        Asked asked = await AskAsync(scores, vectors.Length, (tickets, asks, left) => SealedQuery.MakeScores(scores, vectors, tickets, asks, seals, left), cancellationToken);
        return new ScoreAnswer(asked.Outcome.Words!, asked.Outcome.Unverified, asked.Latency, asked.Phases, asked.BytesToEachPeer, asked.Attempts);
    }

    /// <summary>Asks until it is answered, refused for good, or too late.</summary>
    private async Task<Asked> AskAsync(TableDescription table, int count, Func<LeasedTicket[], int[], TimeSpan, SealedQuery> make, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        using Activity? trace = FetchTrace.Start(table.IsScores, count);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stopping);
        limit.CancelAfter(options.Deadline);
        LeasePool pool = _pools.GetOrAdd(table.Version, version => new LeasePool(options.LeaseAhead, (party, tickets, waiting, ct) => LeaseAsync(party, version, tickets, waiting, ct), TimeProvider.System, stopping));
        string doing = "waiting for tickets";
        try
        {
            for (int attempt = 1; ; attempt++)
            {
                Party[] live = await parties.LiveAsync(limit.Token);
                doing = "waiting for tickets";
                LeasedTicket[] tickets = pool.TryTake(count) ?? await WaitForTicketsAsync(pool, count, trace, limit.Token);
                doing = "waiting for answers";
                long leases = pool.Leases;
                using Activity? span = FetchTrace.Attempt(trace, attempt);
                SealedQuery query = make(tickets, [.. live.Select(p => p.Number)], options.Deadline - Stopwatch.GetElapsedTime(started));
                query.TraceParent = FetchTrace.Parent(span);
                AttemptOutcome outcome = await QueryAttempt.RunAsync(table, count, query, live, parties.All, seals, options.Grace, limit.Token);
                span?.SetTag("trident.verified", outcome.Unverified is null).SetStatus(outcome.Words is null ? ActivityStatusCode.Error : ActivityStatusCode.Ok);
                span?.Stop();
                DiscardUnknown(pool, outcome, tickets, leases);
                if (outcome.Words is not null)
                {
                    return Asked.Of(outcome, attempt, Stopwatch.GetElapsedTime(started));
                }

                if (outcome.Replies.FirstOrDefault(r => !r.MayBeTriedAgain) is { } final)
                {
                    throw final.Refusal!.Kind == QueryFailureKind.Deadline
                        ? new DeadlineExceededException($"Party {final.Party.Number} ran out of time: {final.Refusal.Message} Ask again, or allow more time.")
                        : new QueryRefusedException(final.Refusal.Kind, $"Party {final.Party.Number} refused the query: {final.Refusal.Message}");
                }

                if (attempt >= options.MaxAttempts)
                {
                    throw Exhausted(outcome, attempt);
                }

                // At once the first time: fresh tickets are usually all it takes. After that the parties may need a moment, and
                // from the first time on where one of them has yet to follow the others in a change of the table.
                if (attempt > 1 || outcome.Replies.Any(r => r.Refusal?.Kind == QueryFailureKind.TableChanged))
                {
                    await Task.Delay(FirstRetryDelay * (1 << Math.Min(attempt - 1, 5)), limit.Token);
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested && !stopping.IsCancellationRequested)
        {
            string why = doing == "waiting for tickets" && pool.Trouble is { } trouble ? $" ({trouble})" : "";
            throw new DeadlineExceededException(
                $"The fetch took longer than its {options.Deadline.TotalSeconds:0.###} s; it ended {doing}{why}. Ask again, or allow more time.");
        }
    }

    private static async Task<LeasedTicket[]> WaitForTicketsAsync(LeasePool pool, int count, Activity? trace, CancellationToken cancellationToken)
    {
        using Activity? waiting = FetchTrace.Waiting(trace);
        return await pool.TakeAsync(count, waiting, cancellationToken);
    }

    /// <summary>
    /// A batch that one party does not know gives answers that nobody can check. Where the whole query failed of it, a party
    /// has restarted, and all that was leased before has the same fault.
    /// </summary>
    private static void DiscardUnknown(LeasePool pool, AttemptOutcome outcome, LeasedTicket[] tickets, long leases)
    {
        if (outcome.Replies.Any(r => r.Refusal?.Kind == QueryFailureKind.UnknownTicket))
        {
            pool.DiscardBatches(tickets.Select(t => t.Batch));
            if (outcome.Words is null)
            {
                pool.DiscardLeases(leases);
            }
        }
    }

    private static TridentException Exhausted(AttemptOutcome outcome, int attempts)
    {
        string problems = string.Join("; ", outcome.Replies.Where(r => r.Share is null).Select(r => r.Problem));
        QueryFailure? refusal = outcome.Replies.FirstOrDefault(r => r.Refusal is not null)?.Refusal;
        return refusal is null
            ? new TooFewPartiesException($"Fewer than two parties answered, {attempts} times over: {problems}. See whether their silos run.")
            : new QueryRefusedException(refusal.Kind, $"The parties refused the query, {attempts} times over: {problems}. Ask again later.");
    }

    /// <summary>One lease. A party that is down or has no stock is a value, so that the pool asks another.</summary>
    /// <exception cref="TooFewPartiesException">Fewer than two parties are up.</exception>
    private async Task<TicketLease> LeaseAsync(int number, Guid version, int count, Activity? waiting, CancellationToken cancellationToken)
    {
        await parties.LiveAsync(cancellationToken);
        Party party = parties.All[number - 1];
        if (!party.IsUp)
        {
            return Nothing($"party {number} is down");
        }

        using Activity? span = FetchTrace.Lease(waiting, number, count);
        TicketLease lease = await LeaseFromAsync(party, version, count, FetchTrace.Parent(span), cancellationToken);
        span?.SetStatus(lease.Failure is null ? ActivityStatusCode.Ok : ActivityStatusCode.Error);
        return lease;
    }

    private static async Task<TicketLease> LeaseFromAsync(Party party, Guid version, int count, string? traceParent, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, party.WhileUp);
        limit.CancelAfter(LeasePatience);
        try
        {
            return await party.Link.LeaseAsync(version, count, traceParent, limit.Token).WaitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            // No stock looks like this too, so it is no sign of a party that is down.
            cancellationToken.ThrowIfCancellationRequested();
            return Nothing($"party {party.Number} gave no tickets in time");
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            party.Suspect($"a call failed: {e.Message}");
            return Nothing($"the call to party {party.Number} failed: {e.Message}");
        }
    }

    private static TicketLease Nothing(string why) => new([], new QueryFailure(QueryFailureKind.NoStock, why));

    /// <summary>An attempt that was answered, and what the way to it took.</summary>
    private sealed record Asked(AttemptOutcome Outcome, int Attempts, TimeSpan Latency, PhaseTimes[] Phases, long BytesToEachPeer)
    {
        public static Asked Of(AttemptOutcome outcome, int attempts, TimeSpan latency)
        {
            PhaseTimes[] phases = new PhaseTimes[3];
            long bytes = 0;
            foreach (PartyReply reply in outcome.Replies.Where(r => r.Share is not null))
            {
                phases[reply.Party.Number - 1] = reply.Answer!.Phases;
                bytes = Math.Max(bytes, reply.Answer.BytesSent);
            }

            return new Asked(outcome, attempts, latency, phases, bytes / (outcome.Asked - 1));
        }
    }
}
