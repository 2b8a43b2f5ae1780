using System.Diagnostics;
using System.Diagnostics.Metrics;
using Trident.Abstractions;
using Trident.Protocol.Wire;

namespace Trident.Grains.Telemetry;

/// <summary>
/// What is recorded when it happens: queries, phases, exchanges, leases. A process is one party, so these are the process's. A measurement
/// costs nothing to speak of while nobody collects it. Labels come from small fixed sets, never from what a client sent.
/// </summary>
public static class PartyInstruments
{
    private static readonly Meter Meter = new(TridentTelemetry.Name);

    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    };

    private static readonly Counter<long> Queries = Meter.CreateCounter<long>("trident.queries", "{query}", "Queries by outcome.");

    private static readonly Histogram<double> QueryDuration =
        Meter.CreateHistogram("trident.query.duration", "s", "Time from a query's arrival at this party to its answer.", null, Seconds);

    private static readonly Histogram<double> PhaseDuration =
        Meter.CreateHistogram("trident.query.phase.duration", "s", "Time of one phase of a query that was answered.", null, Seconds);

    private static readonly Histogram<double> ExchangeDuration =
        Meter.CreateHistogram("trident.exchange.duration", "s", "Time from sending a frame to its acknowledgement, or to giving up.", null, Seconds);

    private static readonly Counter<long> Leases = Meter.CreateCounter<long>("trident.leases", "{lease}", "Requests for tickets by outcome.");

    /// <summary>Counts a query; the phases too when it was answered.</summary>
    public static void Query(QueryAnswer answer, TimeSpan elapsed)
    {
        KeyValuePair<string, object?> outcome = new("outcome", OutcomeOf(answer));
        Queries.Add(1, outcome);
        QueryDuration.Record(elapsed.TotalSeconds, outcome);
        if (answer.Failure is null)
        {
            Phase("select", answer.Phases.KeyEvaluationMs);
            Phase("mask", answer.Phases.MaskingMs);
            Phase("exchange", answer.Phases.ExchangeMs);
            Phase("answer", answer.Phases.ReconstructionMs);
        }

        static void Phase(string name, double milliseconds) => PhaseDuration.Record(milliseconds / 1000, new KeyValuePair<string, object?>("phase", name));
    }

    /// <summary><c>answered</c> with three shares, <c>degraded</c> with two, or the kind of the refusal.</summary>
    public static string OutcomeOf(QueryAnswer answer) => answer.Failure is { } failure ? failure.Kind.ToString() : answer.AllAgreed ? "answered" : "degraded";

    /// <summary>Records an exchange that began at <paramref name="began"/> (a <see cref="Stopwatch"/> timestamp).</summary>
    public static void Exchange(int peer, FrameKind kind, AckReason? reason, long began) => ExchangeDuration.Record(
        Stopwatch.GetElapsedTime(began).TotalSeconds,
        new KeyValuePair<string, object?>("peer", peer), new KeyValuePair<string, object?>("kind", kind.ToString()),
        new KeyValuePair<string, object?>("outcome", reason?.ToString() ?? "Unreachable"));

    /// <summary>Counts a request for tickets.</summary>
    public static TicketLease Lease(TicketLease lease)
    {
        Leases.Add(1, new KeyValuePair<string, object?>("outcome", OutcomeOf(lease)));
        return lease;
    }

    /// <summary><c>given</c>, or the kind of the refusal.</summary>
    public static string OutcomeOf(TicketLease lease) => lease.Failure?.Kind.ToString() ?? "given";
}
