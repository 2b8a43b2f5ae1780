namespace Trident.Console.Measuring;

/// <summary>What <c>bench --json</c> writes.</summary>
public sealed record BenchReport(BenchRun[] Runs);

/// <summary>One level of concurrency. Throughput is right answers per second.</summary>
public sealed record BenchRun(
    string Transport,
    string Product,
    int Concurrency,
    int Queries,
    long Right,
    long Wrong,
    long Failed,
    double Throughput,
    LatencySummary LatencyMs,
    double BytesToPeerPerQuery)
{
    /// <summary>The report's entry for a run.</summary>
    public static BenchRun Of(string transport, string product, LoadResult result) => new(
        transport, product, result.Concurrency, result.Queries, result.Right, result.Wrong, result.Failed,
        Math.Round(result.Throughput, 2),
        new LatencySummary(
            Math.Round(result.Latency.Mean, 4), Math.Round(result.Latency.P50, 4), Math.Round(result.Latency.P95, 4), Math.Round(result.Latency.P99, 4)),
        Math.Round(result.BytesToPeerPerQuery, 1));
}
