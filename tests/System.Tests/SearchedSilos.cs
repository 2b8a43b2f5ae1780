using System.Text.Json;
using PureHDF;
using Trident.Client;
using Trident.Console;
using Trident.Protocol.Collections;
using Xunit;

namespace Trident.System.Tests;

/// <summary>Three silos that serve two collections, shared by the console: whole numbers under l2 with ids and lists, and an HDF5 file under cosine.</summary>
public sealed class SearchedSilos : IAsyncLifetime
{
    public const int Seed = 20261125;
    public const int Dimension = 12;
    public const int ListLength = 6;
    private readonly TestDeployment _deployment = new(rows: 3, dimension: 4) { Grace = TimeSpan.FromSeconds(10) };
    private readonly Random _random = new(Seed);

    public string Directory => _deployment.Directory;

    /// <summary>Whole vectors of few values, so that there are ties; <see cref="Ids"/> are theirs.</summary>
    public double[][] Grey { get; private set; } = [];

    public int[] Ids { get; private set; } = [];

    /// <summary>Whole queries to them.</summary>
    public double[][] GreyQueries { get; private set; } = [];

    public string GreyFile => Path("grey.bvecs");

    public string GreyQueryFile => Path("queries.bvecs");

    /// <summary>Singles, the <c>train</c> and <c>test</c> of <see cref="Hdf5"/>.</summary>
    public double[][] Train { get; private set; } = [];

    public double[][] Test { get; private set; } = [];

    public string Hdf5 => Path("benchmark.hdf5");

    public async Task InitializeAsync()
    {
        Grey = Numbers(400, () => _random.Next(16));
        GreyQueries = Numbers(9, () => _random.Next(16));
        Ids = [.. Enumerable.Range(0, Grey.Length).Select(i => 5 * i - 700)];
        _random.Shuffle(Ids);
        Bvecs(GreyFile, Grey);
        Bvecs(GreyQueryFile, GreyQueries);
        await File.WriteAllLinesAsync(Path("ids.txt"), Ids.Select(id => $"{id}"));
        Train = Numbers(300, () => (float)(2 * _random.NextDouble() - 1));
        Test = Numbers(7, () => (float)(2 * _random.NextDouble() - 1));
        WriteHdf5();

        await ShareAsync("grey", "--vectors", GreyFile, "--ids", Path("ids.txt"), "--neighbours", $"{ListLength}");
        await ShareAsync("angular", "--vectors", Hdf5);
        await _deployment.StartAsync();
        await using TridentClient client = await _deployment.ConnectAsync();
        Readiness readiness = await client.WaitReadyAsync(TimeSpan.FromSeconds(60));
        Assert.True(readiness.IsReady, readiness.Reason);
    }

    public Task DisposeAsync() => _deployment.DisposeAsync().AsTask();

    /// <summary>Ids of the nearest of <see cref="Grey"/>, ties to the lesser id.</summary>
    public int[] GreyNearest(double[] query, int k, int? except = null) => [.. Enumerable.Range(0, Grey.Length).Where(i => Ids[i] != except)
        .OrderBy(i => Metric.L2.Measure(Grey[i], query)).ThenBy(i => Ids[i]).Take(k).Select(i => Ids[i])];

    public async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        StringWriter output = new(), error = new();
        int code = await TridentCommandLine.RunAsync(arguments, output, error);
        return (code, output.ToString(), error.ToString());
    }

    /// <summary>Runs a command that must succeed and print JSON.</summary>
    public async Task<JsonElement> JsonAsync(params string[] arguments)
    {
        (int code, string output, string error) = await RunAsync([.. arguments, "--json"]);
        Assert.True(code == 0, $"{code}: {error}");
        return JsonDocument.Parse(output).RootElement;
    }

    public string Path(string name) => global::System.IO.Path.Combine(Directory, name);

    public static void Ivecs(string path, IEnumerable<int[]> rows)
    {
        using BinaryWriter writer = new(File.Create(path));
        foreach (int[] row in rows)
        {
            writer.Write(row.Length);
            Array.ForEach(row, writer.Write);
        }
    }

    private static void Bvecs(string path, double[][] rows)
    {
        using BinaryWriter writer = new(File.Create(path));
        foreach (double[] row in rows)
        {
            writer.Write(row.Length);
            writer.Write(Array.ConvertAll(row, x => (byte)x));
        }
    }

    private static double[][] Numbers(int count, Func<double> next) => [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, Dimension).Select(_ => next()).ToArray())];

    private static T[,] Table<T>(int rows, int columns, Func<int, int, T> at)
    {
        T[,] table = new T[rows, columns];
        for (int r = 0; r < rows; r++)
        {
            for (int c = 0; c < columns; c++)
            {
                table[r, c] = at(r, c);
            }
        }

        return table;
    }

    /// <summary>As ann-benchmarks writes it: distances under cosine are 1 − cos.</summary>
    private void WriteHdf5()
    {
        (int Row, double Distance)[][] truth = [.. Test.Select(q => Train.Select((t, i) => (Row: i, Distance: 1 - Metric.Cosine.Measure(t, q))).OrderBy(x => x.Distance).Take(20).ToArray())];
        H5File file = new()
        {
            Attributes = { ["distance"] = "angular" },
            ["train"] = Table(Train.Length, Dimension, (r, c) => (float)Train[r][c]),
            ["test"] = Table(Test.Length, Dimension, (r, c) => (float)Test[r][c]),
            ["neighbors"] = Table(Test.Length, 20, (r, c) => truth[r][c].Row),
            ["distances"] = Table(Test.Length, 20, (r, c) => (float)truth[r][c].Distance),
        };
        file.Write(Hdf5);
    }

    private async Task ShareAsync(string name, params string[] options)
    {
        (int code, _, string error) = await RunAsync(["share", Directory, "--collection", name, .. options]);
        Assert.True(code == 0, error);
    }
}
