using System.Text.Json;
using Trident.Console.Measuring;
using Trident.Console.Text;
using Trident.Protocol.Tables;
using Xunit;

namespace Trident.Console.Tests;

public class JsonTests
{
    [Fact]
    public void BenchReportHasExactlyTheAgreedFields()
    {
        LoadResult result = new(16, 2000, 1998, 1, 1, 0, TimeSpan.FromSeconds(2), new LatencySummary(4, 3, 8, 9), 15.25, new PhaseSummary(0.5, 0.25, 2, 1), 40_532, "late");
        string json = CommandContext.Json(
            new BenchReport([BenchRun.Of("ephemeral", "stock", new LinkModel(50, null), result)], new BenchData("base.fvecs", 10_000, 128, "U8")), indented: true);
        using JsonDocument document = JsonDocument.Parse(json);
        Assert.Equal(["runs", "data"], Names(document.RootElement));
        Assert.Equal(["name", "rows", "dimension", "element"], Names(document.RootElement.GetProperty("data")));
        JsonElement run = Assert.Single(document.RootElement.GetProperty("runs").EnumerateArray());
        Assert.Equal(
            ["transport", "product", "linkDelayMs", "concurrency", "queries", "right", "wrong", "failed", "throughput", "overlap", "latencyMs", "phasesMs", "bytesToPeerPerQuery"],
            Names(run));
        Assert.Equal(["keyEvaluation", "masking", "exchange", "reconstruction"], Names(run.GetProperty("phasesMs")));
        Assert.Equal(50, run.GetProperty("linkDelayMs").GetDouble());
        Assert.Equal(15.25, run.GetProperty("overlap").GetDouble());
        Assert.Equal(2, run.GetProperty("phasesMs").GetProperty("exchange").GetDouble());
        Assert.Equal(["mean", "p50", "p95", "p99"], Names(run.GetProperty("latencyMs")));
        Assert.Equal("ephemeral", run.GetProperty("transport").GetString());
        Assert.Equal("stock", run.GetProperty("product").GetString());
        Assert.Equal(16, run.GetProperty("concurrency").GetInt32());
        Assert.Equal(999, run.GetProperty("throughput").GetDouble());
        Assert.Equal(8, run.GetProperty("latencyMs").GetProperty("p95").GetDouble());
        Assert.Equal(40_532, run.GetProperty("bytesToPeerPerQuery").GetDouble());
    }

    [Fact]
    public void ABenchReportReadsAsItWasWritten()
    {
        BenchRun run = new("pooled", "beaver", 0.5, 100, 2, 10, 9, 1, 0, 12.5, 1.9, new LatencySummary(4, 3, 8, 9), new PhaseSummary(1, 2, 3, 4), 84);
        BenchReport? read = CommandContext.FromJson<BenchReport>(CommandContext.Json(new BenchReport([run]), indented: true));
        Assert.Equal([run], read!.Runs);
        Assert.Null(read.Data);
    }

    [Fact]
    public void FetchReportHasExactlyTheAgreedFields()
    {
        Array values = RecordNumbers.Values([0, 7, 255], new RecordShape(ElementKind.U8, 3));
        string json = CommandContext.Json(new FetchReport("images", [new FetchedRow(42, values)], true, null, 3.25), indented: false);
        Assert.Equal("""{"table":"images","rows":[{"row":42,"values":[0,7,255]}],"verified":true,"latencyMs":3.25}""", json);
    }

    [Fact]
    public void EveryElementKindKeepsItsValues()
    {
        Assert.Equal("[-1,2147483647]", Json([255, 255, 255, 255, 255, 255, 255, 127], ElementKind.I4));
        Assert.Equal("[0.1,-2.5]", Json([.. BitConverter.GetBytes(0.1f), .. BitConverter.GetBytes(-2.5f)], ElementKind.F4));
        Assert.Equal("[0.1,\"Infinity\"]", Json([.. BitConverter.GetBytes(0.1), .. BitConverter.GetBytes(double.PositiveInfinity)], ElementKind.F8));
        Assert.Equal("0.1 -2.5", RecordNumbers.Line(new[] { 0.1f, -2.5f }));
        Assert.Throws<ArgumentException>(() => RecordNumbers.Values([1, 2, 3], new RecordShape(ElementKind.F4, 1)));

        static string Json(byte[] record, ElementKind element)
        {
            Array values = RecordNumbers.Values(record, new RecordShape(element, 2));
            string row = CommandContext.Json(new FetchedRow(0, values), indented: false);
            return row["""{"row":0,"values":""".Length..^1];
        }
    }

    private static string[] Names(JsonElement element) => [.. element.EnumerateObject().Select(p => p.Name)];
}
