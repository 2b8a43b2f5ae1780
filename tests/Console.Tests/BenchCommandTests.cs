using System.Text.Json;
using Trident.Console.Measuring;
using Trident.Console.Silos;
using Trident.Protocol.Tables;
using Xunit;

namespace Trident.Console.Tests;

/// <summary>The forms of <c>trident bench</c>: what belongs together, and one small comparison from end to end.</summary>
public sealed class BenchCommandTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("trident-console-").FullName;

    // The tests' build holds the silo; beside it is not where the console looks by itself.
    static BenchCommandTests() =>
        Environment.SetEnvironmentVariable(SiloBinary.Variable, Path.Combine(AppContext.BaseDirectory, "Trident.Silo.dll"));

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("directory", "bench")]
    [InlineData("--table", "bench", "DIR")]
    [InlineData("--local takes no DIR", "bench", "DIR", "--local", "--vectors", "x.fvecs")]
    [InlineData("--table belongs to DIR", "bench", "--local", "--vectors", "x.fvecs", "--table", "t")]
    [InlineData("--verify belongs to DIR", "bench", "--local", "--vectors", "x.fvecs", "--verify", "x.fvecs")]
    [InlineData("--vectors belongs to --local", "bench", "DIR", "--table", "t", "--vectors", "x.fvecs")]
    [InlineData("--plot belongs to --local", "bench", "DIR", "--table", "t", "--plot", "x.svg")]
    [InlineData("--link-delay belongs to --local", "bench", "--link-delay", "5")]
    [InlineData("either --vectors FILE or --generate", "bench", "--local")]
    [InlineData("either --vectors FILE or --generate", "bench", "--local", "--vectors", "x.fvecs", "--generate", "9x9xu8")]
    [InlineData("--generate says itself", "bench", "--local", "--generate", "9x9xu8", "--rows", "4")]
    [InlineData("there are shared, ephemeral, pooled, multiplexed", "bench", "--local", "--vectors", "x.fvecs", "--transport", "shared,pigeon")]
    [InlineData("there are stock, beaver", "bench", "--local", "--vectors", "x.fvecs", "--product", "Stock")]
    [InlineData("twice", "bench", "--local", "--vectors", "x.fvecs", "--transport", "pooled,pooled")]
    [InlineData("ROWSxDIMxu8", "bench", "--local", "--generate", "100x5xf8")]
    [InlineData("No table can hold 0x5xf4", "bench", "--local", "--generate", "0x5xf4")]
    [InlineData("out of range", "bench", "--local", "--vectors", "x.fvecs", "--rows", "0")]
    [InlineData("out of range", "bench", "--local", "--generate", "9x9xu8", "--link-delay", "-1")]
    [InlineData("out of range", "bench", "--local", "--generate", "9x9xu8", "--link-delay", "NaN")]
    [InlineData("out of range", "bench", "--local", "--generate", "9x9xu8", "--link-bandwidth", "0")]
    [InlineData("out of range", "bench", "--local", "--generate", "9x9xu8", "--stock-budget", "0")]
    [InlineData("concurrency", "bench", "--local", "--generate", "9x9xu8", "--concurrency", "1,0")]
    [InlineData(".svg or .png", "bench", "--local", "--generate", "9x9xu8", "--plot", "x.pdf")]
    [InlineData("--replot needs --plot", "bench", "--replot", "x.json")]
    [InlineData("--queries belongs to DIR or --local", "bench", "--replot", "x.json", "--plot", "x.svg", "--queries", "5")]
    public async Task FormsThatDoNotFitTogetherAreUsageErrors(string message, params string[] arguments)
    {
        (int code, string output, string error) = await RunAsync(arguments);
        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.Contains(message, error);
    }

    [Theory]
    [InlineData("--json")]
    [InlineData("--plot")]
    public async Task AMissingDirectoryOfTheResultIsFoundBeforeMeasuring(string option)
    {
        (int code, string output, string error) = await RunAsync(
            "bench", "--local", "--generate", "9x9xu8", option, Path.Combine(_root, "missing", "out.svg"));
        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.Contains("its directory does not exist", error);
    }

    [Fact]
    public async Task MoreRowsThanTheFileHoldsAreRefused()
    {
        string vectors = Path.Combine(_root, "ten.npy");
        GeneratedVectors.Parse("10x4xf4").Write(vectors, seed: 1, null, default);
        (int code, _, string error) = await RunAsync("bench", "--local", "--vectors", vectors, "--rows", "11");
        Assert.Equal(1, code);
        Assert.Contains("asks for 11 rows", error);
        Assert.Contains("holds 10", error);
    }

    [Theory]
    [InlineData("none of JSON", "is no result of 'bench --json'")]
    [InlineData("""{"runs":[]}""", "holds no runs")]
    [InlineData("""{"runs":[{"transport":"shared"}]}""", "lacks its transport, product, concurrency or latency")]
    public async Task ReplotRefusesWhatIsNoResult(string content, string message)
    {
        string input = Path.Combine(_root, "in.json"), plot = Path.Combine(_root, "out.svg");
        await File.WriteAllTextAsync(input, content);
        (int code, _, string error) = await RunAsync("bench", "--replot", input, "--plot", plot);
        Assert.Equal(1, code);
        Assert.Contains(message, error);
        Assert.False(File.Exists(plot));
    }

    [Fact]
    public async Task ReplotReadsTheJsonOfEarlierVersions()
    {
        string input = Path.Combine(_root, "in.json"), plot = Path.Combine(_root, "out.svg");
        await File.WriteAllTextAsync(
            input,
            """
            {"runs":[{"transport":"ephemeral","product":"stock","concurrency":4,"queries":9,"right":9,"wrong":0,"failed":0,
            "throughput":321.5,"latencyMs":{"mean":1,"p50":1,"p95":2,"p99":3},"bytesToPeerPerQuery":84}]}
            """);
        (int code, _, string error) = await RunAsync("bench", "--replot", input, "--plot", plot);
        Assert.True(code == 0, error);
        Assert.Contains("ephemeral", await File.ReadAllTextAsync(plot));
    }

    [Fact]
    public void SilosGetTheSettingsThatWereAskedForAndNoOthers()
    {
        LocalBenchSettings plain = new()
        {
            Vectors = "x.npy",
            Generate = null,
            Transports = ["pooled"],
            Products = ["stock"],
            Link = LinkModel.None,
            Plan = new BenchPlan([1], 1, 0, 1, 1),
        };
        Assert.Equal(["--Trident:Exchange:Transport=pooled", "--Trident:Exchange:Grace=00:00:10"], plain.SiloArguments("pooled"));
        Assert.Equal(
            ["--Trident:Laboratory:LinkDelayMs=0.5", "--Trident:Laboratory:LinkMegabitsPerSecond=100", "--Trident:StockBudgetBytes=4096"],
            (plain with { Link = new LinkModel(0.5, 100), StockBudget = 4096 }).SiloArguments("shared").Skip(2));
    }

    [Fact]
    public async Task ATransportThatTheSilosRefuseIsToldOfAndNothingStays()
    {
        StringWriter output = new(), error = new();
        LocalBenchSettings settings = new()
        {
            Vectors = null,
            Generate = new GeneratedVectors(9, new RecordShape(ElementKind.U8, 9)),
            Transports = ["pigeon", "rumour"],
            Products = ["stock"],
            Link = LinkModel.None,
            Plan = new BenchPlan([1], 1, 0, 1, 1),
            Parent = _root,
        };
        Assert.Equal(1, await new LocalBench(new CommandContext(output, error), settings).RunAsync(default));
        Assert.Contains("trident: pigeon, stock: not measured: ", error.ToString());
        Assert.Contains("trident: rumour, stock: not measured: ", error.ToString());
        Assert.Equal(2, output.ToString().Split("not measured").Length - 1);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_root));
    }

    [Fact]
    public async Task AComparisonFromEndToEnd()
    {
        string json = Path.Combine(_root, "out.json"), plot = Path.Combine(_root, "out.svg");
        (int code, string output, string error) = await RunAsync(
            "bench", "--local", "--generate", "300x16xu8", "--concurrency", "1,2", "--queries", "20", "--seed", "7", "--json", json, "--plot", plot);
        Assert.True(code == 0, error);
        Assert.Contains("ephemeral, stock, no link delay", output);
        using JsonDocument document = JsonDocument.Parse(await File.ReadAllTextAsync(json));
        JsonElement[] runs = [.. document.RootElement.GetProperty("runs").EnumerateArray()];
        Assert.Equal([1, 2], runs.Select(r => r.GetProperty("concurrency").GetInt32()));
        Assert.All(runs, run =>
        {
            Assert.Equal((20, 20, 0, 0), (Number(run, "queries"), Number(run, "right"), Number(run, "wrong"), Number(run, "failed")));
            Assert.InRange(run.GetProperty("overlap").GetDouble(), 0.01, 2.01);
            Assert.True(run.GetProperty("phasesMs").GetProperty("exchange").GetDouble() > 0);

            // 300 words, a header and a tag: what a query sends to a peer at any concurrency.
            Assert.Equal(300 * 4 + 68 + 16, run.GetProperty("bytesToPeerPerQuery").GetDouble());
        });
        Assert.Equal("generated vectors", document.RootElement.GetProperty("data").GetProperty("name").GetString());
        Assert.Contains("300 rows of 16 U8", await File.ReadAllTextAsync(plot));
    }

    private static int Number(JsonElement run, string name) => run.GetProperty(name).GetInt32();

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        StringWriter output = new(), error = new();
        int code = await TridentCommandLine.RunAsync(arguments, output, error);
        return (code, output.ToString(), error.ToString());
    }
}
