using System.Text.Json.Serialization;

namespace Trident.Console.Measuring;

/// <summary>What <c>bench --json</c> writes, and <c>bench --replot</c> reads.</summary>
/// <param name="Runs">One entry per transport, product and level.</param>
/// <param name="Data">What was fetched from; files of earlier versions do not say.</param>
public sealed record BenchReport(
    BenchRun[] Runs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] BenchData? Data = null);

/// <summary>The table that was measured.</summary>
/// <param name="Name">The vector file's name, or the table's.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="Dimension">Elements of a row.</param>
/// <param name="Element">Kind of an element, such as F4.</param>
public sealed record BenchData(string Name, int Rows, int Dimension, string Element);

/// <summary>How the links between the parties were slowed down.</summary>
/// <param name="DelayMs">Delay in one direction, in milliseconds; 0 for none.</param>
/// <param name="MegabitsPerSecond">Bandwidth of a link in one direction; null for no limit.</param>
public sealed record LinkModel(double DelayMs, double? MegabitsPerSecond)
{
    /// <summary>Links as the machine has them.</summary>
    public static LinkModel None { get; } = new(0, null);

    /// <summary>For titles.</summary>
    public override string ToString() => string.Join(", ", new[]
    {
        DelayMs > 0 ? FormattableString.Invariant($"link delay {DelayMs} ms") : "no link delay",
        MegabitsPerSecond is { } megabits ? FormattableString.Invariant($"{megabits} Mbit/s") : null,
    }.OfType<string>());
}

/// <summary>One level of concurrency. Throughput is right answers per second; overlap is queries under way at once, on average.</summary>
public sealed record BenchRun(
    string Transport,
    string Product,
    double LinkDelayMs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? LinkMegabitsPerSecond,
    int Concurrency,
    int Queries,
    long Right,
    long Wrong,
    long Failed,
    double Throughput,
    double Overlap,
    LatencySummary LatencyMs,
    PhaseSummary? PhasesMs,
    double BytesToPeerPerQuery)
{
    /// <summary>The report's entry for a run.</summary>
    public static BenchRun Of(string transport, string product, LinkModel link, LoadResult result) => new(
        transport, product, link.DelayMs, link.MegabitsPerSecond, result.Concurrency, result.Queries, result.Right, result.Wrong, result.Failed,
        Math.Round(result.Throughput, 2),
        Math.Round(result.Overlap, 3),
        new LatencySummary(
            Math.Round(result.Latency.Mean, 4), Math.Round(result.Latency.P50, 4), Math.Round(result.Latency.P95, 4), Math.Round(result.Latency.P99, 4)),
        new PhaseSummary(
            Math.Round(result.Phases.KeyEvaluation, 4), Math.Round(result.Phases.Masking, 4),
            Math.Round(result.Phases.Exchange, 4), Math.Round(result.Phases.Reconstruction, 4)),
        Math.Round(result.BytesToPeerPerQuery, 1));
}
