using Trident.Client;
using Trident.Console.Measuring;
using Trident.Console.Searching;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;
using Xunit;

namespace Trident.Console.Tests;

public sealed class SearchReportTests
{
    private static readonly CollectionDescription Collection = new(
        "c", 5, ScoreScale.For(Metric.L2, ElementKind.U8, 2, 9), new RecordLayout(new RecordShape(ElementKind.U8, 2), IdKind.Row, 0, PayloadKind.None, 0, 1),
        Guid.NewGuid(), Guid.NewGuid(), null, 0);

    [Fact]
    public void WhatIsCountedIsEverySearchAndWhatIsShownTheLast()
    {
        // Three queries four times: twelve searches, of which three failed, among them all four of none; two were not verified.
        SearchResult?[] results = [Found(exact: true, null, ("a", 1), ("b", 2)), null, Found(exact: false, "party 3 was slow", ("x", 1), ("d", 7))];
        LoadResult load = new(2, 12, Right: 9, Wrong: 0, Failed: 3, Unverified: 2, TimeSpan.FromSeconds(3), new LatencySummary(1, 2, 3, 4), 0, new PhaseSummary(0, 0, 0, 0), 0, "why");
        SearchReport report = SearchReport.Of(Collection, 2, results, load, exact: 5, new GroundTruth([["a", "b"], ["c", "c2"], ["d", "e"]], null));
        Assert.Equal(("c", "l2", 2, 3, 2, 12), (report.Collection, report.Metric, report.K, report.Queries, report.Answered, report.Searches));
        Assert.Equal((3L, 7L, 5L), (report.Failed, report.Verified, report.Exact));
        Assert.Equal(0.75, report.Recall);
        Assert.Equal((3.0, "why", load.Latency), (report.QueriesPerSecond, report.FirstFailure!, report.LatencyMs));
        Assert.Equal([0, 2], report.Results.Select(r => r.Query));
        Assert.Equal(new (bool, bool, string?)[] { (true, true, null), (false, false, "party 3 was slow") }, report.Results.Select(r => (r.Verified, r.Exact, r.Unverified)));
        Assert.Equal(["x", "d"], report.Results[1].Hits.Select(h => h.Id));
        Assert.Equal((9.0, 4.0, 5.0), (report.Results[0].LatencyMs, report.Results[0].ScoreMs, report.Results[0].RecordMs));
    }

    [Fact]
    public void WithoutATruthOrAnAnswerThereIsNoRecall()
    {
        LoadResult load = new(1, 1, 0, 0, 1, 0, TimeSpan.FromSeconds(1), LatencySummary.Of([]), 0, new PhaseSummary(0, 0, 0, 0), 0, "why");
        Assert.Null(SearchReport.Of(Collection, 1, [null], load, 0, new GroundTruth([["a"]], null)).Recall);
        Assert.Null(SearchReport.Of(Collection, 1, [Found(true, null, ("a", 1))], load with { Right = 1, Failed = 0 }, 1, null).Recall);
    }

    [Fact]
    public void WritingNamesTheCountsAndTheFirstFailure()
    {
        LoadResult load = new(2, 12, 9, 0, 3, 2, TimeSpan.FromSeconds(3), new LatencySummary(1, 2, 3, 4), 0, new PhaseSummary(0, 0, 0, 0), 0, "why");
        StringWriter output = new(), error = new();
        SearchReport.Of(Collection, 2, [Found(true, null, ("a", 1), ("b", 2)), null], load, 5, null).Write(new CommandContext(output, error));
        Assert.Contains("query 0", output.ToString());
        Assert.Contains("certainly the nearest", output.ToString());
        Assert.Contains("no truth given", output.ToString());
        Assert.Equal("trident: 3 of 12 searches failed; the first: why", error.ToString().Trim());
    }

    [Fact]
    public void ComparingInTheClearCountsWhatIsNoFartherThanTheLast()
    {
        GroundTruth truth = new([["7", "8"]], null) { Measures = [[1, 2]] };
        Assert.Equal(1, truth.Recall(0, Found(true, null, ("a", 1), ("b", 2 + 1e-12)).Hits, Metric.L2, 2));
        Assert.Equal(0.5, truth.Recall(0, Found(true, null, ("a", 1), ("b", 2.0001)).Hits, Metric.L2, 2));
        GroundTruth products = new([["7", "8"]], null) { Measures = [[5, -3]] };
        Assert.Equal(0.5, products.Recall(0, Found(true, null, ("a", -3), ("b", -3.1)).Hits, Metric.Ip, 2));
    }

    private static SearchResult Found(bool exact, string? unverified, params (string Id, double Score)[] hits) => new()
    {
        Hits = [.. hits.Select(h => new SearchHit(h.Id, 0, h.Score, null, Array.Empty<byte>(), ElementKind.U8))],
        Exact = exact,
        Unverified = unverified,
        Latency = TimeSpan.FromMilliseconds(9),
        ScoreLatency = TimeSpan.FromMilliseconds(4),
        RecordLatency = TimeSpan.FromMilliseconds(5),
        Attempts = 2,
        BytesToEachPeer = 100,
        Collection = Collection,
    };
}
