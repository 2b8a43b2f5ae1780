using System.Globalization;
using Spectre.Console;
using Trident.Client;
using Trident.Console.Measuring;
using Trident.Console.Text;
using Trident.Protocol.Collections;

namespace Trident.Console.Searching;

/// <summary>What <c>search --json</c> prints.</summary>
/// <param name="Collection">Name of the collection.</param>
/// <param name="Metric">l2, ip or cosine.</param>
/// <param name="K">Neighbours asked for.</param>
/// <param name="Queries">Queries asked.</param>
/// <param name="Answered">Of the queries answered, in one round at least.</param>
/// <param name="Searches">Times that a query was asked, in all rounds.</param>
/// <param name="Failed">Of the searches failed.</param>
/// <param name="Verified">Of the searches confirmed by the third party.</param>
/// <param name="Exact">Of the searches certainly the exact nearest; see <see cref="SearchResult.Exact"/>.</param>
/// <param name="QueriesPerSecond">Answered, by the time of the run.</param>
/// <param name="LatencyMs">Of those answered.</param>
/// <param name="Recall">Mean part of the hits of <paramref name="Results"/> that are right; null without a ground truth.</param>
/// <param name="FirstFailure">Why the first that failed did.</param>
/// <param name="Results">The last answer to each query that was answered.</param>
internal sealed record SearchReport(
    string Collection, string Metric, int K, int Queries, int Answered, int Searches, long Failed, long Verified, long Exact, double QueriesPerSecond, LatencySummary LatencyMs,
    double? Recall, string? FirstFailure, FoundReport[] Results)
{
    // So many queries are shown one by one.
    private const int Few = 5;

    /// <summary>Sums a run up.</summary>
    /// <param name="collection">What was searched.</param>
    /// <param name="k">Neighbours asked for.</param>
    /// <param name="results">The last result for each query; null for one that was never answered.</param>
    /// <param name="load">How the run went, all searches together.</param>
    /// <param name="exact">How many of its searches were certainly exact.</param>
    /// <param name="truth">The true neighbours.</param>
    public static SearchReport Of(CollectionDescription collection, int k, SearchResult?[] results, LoadResult load, long exact, GroundTruth? truth)
    {
        (int Query, SearchResult Result)[] answered = [.. results.Select((r, i) => (i, r!)).Where(r => r.Item2 is not null)];
        double? recall = truth is null || answered.Length == 0
            ? null
            : answered.Average(a => truth.Recall(a.Query, a.Result.Hits, collection.Metric, k));
        return new SearchReport(
            collection.Name, collection.Metric.Name(), k, results.Length, answered.Length, load.Queries, load.Failed, load.Queries - load.Failed - load.Unverified, exact,
            Math.Round(load.Throughput, 2), load.Latency, recall, load.FirstFailure,
            [.. answered.Select(a => FoundReport.Of(a.Query, a.Result))]);
    }

    /// <summary>Writes it for people: few queries each with a table, many as figures.</summary>
    public void Write(CommandContext context)
    {
        if (Queries <= Few)
        {
            foreach (FoundReport found in Results)
            {
                context.Results.Write(Hits(found));
                context.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{Verification.Clause(found.Unverified)}; {(found.Exact ? "certainly the nearest" : "nearest by rounded scores, then by exact figures")}; {found.LatencyMs:0.00} ms"));
            }
        }

        if (Queries > 1)
        {
            context.Results.Write(Figures());
        }

        if (FirstFailure is not null)
        {
            context.Error.WriteLine($"trident: {LoadTable.Whole(Failed)} of {LoadTable.Whole(Searches)} searches failed; the first: {FirstFailure}");
        }
    }

    private Table Figures()
    {
        Table table = new Table().Border(TableBorder.Rounded);
        table.AddColumns("queries", "answered", "searches", "verified", "certainly exact", $"recall@{K}", "queries/s", "mean ms", "p50 ms", "p95 ms", "p99 ms");
        foreach (TableColumn column in table.Columns)
        {
            column.RightAligned();
        }

        return table.AddRow(
            LoadTable.Whole(Queries), LoadTable.Whole(Answered), LoadTable.Whole(Searches), LoadTable.Whole(Verified), LoadTable.Whole(Exact),
            Recall is { } recall ? recall.ToString("0.0000", CultureInfo.InvariantCulture) : "no truth given", LoadTable.Decimal(QueriesPerSecond),
            LoadTable.Decimal(LatencyMs.Mean), LoadTable.Decimal(LatencyMs.P50), LoadTable.Decimal(LatencyMs.P95), LoadTable.Decimal(LatencyMs.P99));
    }

    private Table Hits(FoundReport found)
    {
        bool payloads = found.Hits.Any(h => h.Payload is not null);
        Table table = new Table().Title($"query {found.Query}").Border(TableBorder.Rounded);
        table.AddColumn(new TableColumn("").RightAligned());
        table.AddColumn("id");
        table.AddColumn(new TableColumn(Metric switch { "l2" => "distance", "ip" => "inner product", _ => "cosine" }).RightAligned());
        if (payloads)
        {
            table.AddColumn("payload");
        }

        for (int i = 0; i < found.Hits.Length; i++)
        {
            HitReport hit = found.Hits[i];
            string[] cells = [LoadTable.Whole(i + 1), Markup.Escape(hit.Id), hit.Score.ToString("G7", CultureInfo.InvariantCulture), Markup.Escape(hit.Payload ?? "")];
            table.AddRow(payloads ? cells : cells[..3]);
        }

        return table;
    }
}

/// <summary>One query's answer of <see cref="SearchReport"/>.</summary>
internal sealed record FoundReport(int Query, bool Verified, string? Unverified, bool Exact, double LatencyMs, double ScoreMs, double RecordMs, HitReport[] Hits)
{
    public static FoundReport Of(int query, SearchResult result) => new(
        query, result.Verified, result.Unverified, result.Exact, Milliseconds(result.Latency), Milliseconds(result.ScoreLatency), Milliseconds(result.RecordLatency),
        [.. result.Hits.Select(h => new HitReport(h.Id, h.Row, h.Score, h.Payload))]);

    private static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);
}

/// <summary>One hit of <see cref="FoundReport"/>.</summary>
internal sealed record HitReport(string Id, int Row, double Score, string? Payload);
