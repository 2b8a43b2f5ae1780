using Trident.Abstractions;
using Trident.Client;
using Trident.Console.Commands;
using Trident.Console.Deployments;
using Trident.Console.Plotting;
using Trident.Console.Silos;
using Trident.Protocol.Tables;

namespace Trident.Console.Measuring;

/// <summary>
/// <c>bench --local</c>: for each product a deployment of its own, for each transport three silos of its own, everything on this
/// machine and gone afterwards. A combination that cannot be measured is told of, and the next one has its turn.
/// </summary>
internal sealed class LocalBench(CommandContext context, LocalBenchSettings settings)
{
    private const string Table = "bench";

    /// <summary>
    /// How long the third share is waited for. On links that were slowed down the usual quarter of a second would turn into answers of
    /// two parties, which are less work, and the transports would no longer be compared at the same task.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);
    private readonly List<BenchRun> _runs = [];
    private readonly List<(Combination Combination, IReadOnlyList<LoadResult> Levels)> _outcomes = [];
    private BenchData? _data;

    /// <summary>Measures everything and gives the exit code: 1 when anything was wrong, failed or could not be measured.</summary>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        string directory = Path.Combine(settings.Parent, $"trident-bench-{Guid.NewGuid():N}");
        DeploymentWriter.MakePrivate(directory);
        try
        {
            using IVectorSource source = await OpenAsync(directory, stop);
            string name = Path.GetFileName(settings.Vectors) ?? "generated vectors";
            _data = new BenchData(name, source.Rows, source.Shape.Dimension, source.Shape.Element.ToString());
            context.Out.WriteLine(FormattableString.Invariant(
                $"{name}: {source.Rows:N0} rows of {source.Shape.Dimension} {source.Shape.Element}; {settings.Link}; seed of the rows: {settings.Plan.Seed}"));
            PlainTable plain = await Task.Run(() => PlainTable.Read(source, name, stop), stop);
            foreach (string product in settings.Products)
            {
                await MeasureProductAsync(Path.Combine(directory, product), product, source, plain, stop);
            }
        }
        finally
        {
            if (settings.Keep)
            {
                context.Error.WriteLine($"kept: {directory}");
            }
            else
            {
                Directory.Delete(directory, recursive: true);
            }
        }

        if (_outcomes.Count > 1)
        {
            int level = settings.Plan.Levels.Max();
            LevelTable.Compare(context, level, [.. _outcomes.Select(o => (o.Combination, o.Levels.FirstOrDefault(r => r.Concurrency == level)))]);
        }

        return _outcomes.All(o => o.Levels.Count == settings.Plan.Levels.Length && o.Levels.All(r => r.Wrong == 0 && r.Failed == 0))
            ? CommandRunner.Done
            : CommandRunner.Failed;
    }

    private async Task<IVectorSource> OpenAsync(string directory, CancellationToken stop)
    {
        string path = settings.Vectors ?? Path.Combine(directory, "generated.npy");
        if (settings.Generate is { } generate)
        {
            await context.WithProgressAsync("generating vectors", report => Task.Run(() => generate.Write(path, settings.Plan.Seed, report, stop), stop));
        }
        else if (!File.Exists(path))
        {
            throw new ConsoleException($"The vector file {path} does not exist.");
        }

        IVectorSource source = await Task.Run(() => VectorFile.Open(path), stop);
        try
        {
            return settings.Rows is { } rows ? new FirstRows(source, rows, path) : source;
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    private async Task MeasureProductAsync(string directory, string product, IVectorSource source, PlainTable plain, CancellationToken stop)
    {
        DeploymentLayout layout = new(directory);
        TableDescription? table = null;
        string? trouble = await TryAsync(
            async () =>
            {
                DeploymentWriter.Write(directory, DeploymentWriter.Loopback, FreePorts.FindBase());
                table = await ShareCommand.RunAsync(context, layout, Table, source, $"for the product {product}", product, replace: false, stop);
            },
            stop);
        foreach (string transport in settings.Transports)
        {
            Combination combination = new(transport, product);
            IReadOnlyList<LoadResult> levels = [];
            string? why = trouble ?? await TryAsync(async () => levels = await MeasureAsync(combination, layout, table!, plain, stop), stop);
            if (why is not null)
            {
                context.Error.WriteLine($"trident: {combination}: not measured: {why}");
            }

            _outcomes.Add((combination, levels));
            await ReportAsync(combination, levels, stop);
        }

        if (!settings.Keep && Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private async Task<IReadOnlyList<LoadResult>> MeasureAsync(
        Combination combination, DeploymentLayout layout, TableDescription table, PlainTable plain, CancellationToken stop)
    {
        context.Error.WriteLine(combination.ToString());
        await using LocalSilos silos = await UpCommand.StartAsync(context, layout, settings.SiloArguments(combination.Transport), ClusterChoice.Embedded, stop);
        await using TridentClient client = await TridentClient.ConnectAsync(
            new TridentClientOptions { DeploymentDirectory = layout.Directory, Grace = Patience, Deadline = Deadline }, stop);
        MustUse(combination.Transport, await client.StatusAsync(stop));

        // Where not one answer was right the silos are gone or broken, and each further query would only wait for its deadline.
        return await settings.Plan.RunAsync(new Fetches(context, client, table, plain), table.Rows, level => level.Right > 0, stop);
    }

    private async Task ReportAsync(Combination combination, IReadOnlyList<LoadResult> levels, CancellationToken stop)
    {
        if (levels.Count > 0)
        {
            LevelTable.Write(context, $"{combination}, {settings.Link}", levels);
            if (levels.Count < settings.Plan.Levels.Length)
            {
                context.Error.WriteLine($"trident: {combination}: no answer was right at concurrency {levels[^1].Concurrency}; the levels after it were left out");
            }
        }

        // After every combination, so that what was measured outlives an interruption.
        _runs.AddRange(levels.Select(r => BenchRun.Of(combination.Transport, combination.Product, settings.Link, r)));
        BenchReport report = new([.. _runs], _data);
        if (settings.Json is { } json)
        {
            await File.WriteAllTextAsync(json, CommandContext.Json(report, indented: true) + "\n", stop);
        }

        if (settings.Plot is { } plot && _runs.Count > 0)
        {
            BenchPlot.Save(report, plot);
        }
    }

    // Figures under the name of a transport that was not used would be worse than none.
    private static void MustUse(string transport, PartyStatus?[] parties)
    {
        foreach (PartyStatus party in parties.OfType<PartyStatus>())
        {
            if (!string.Equals(party.Transport, transport, StringComparison.OrdinalIgnoreCase))
            {
                throw new ConsoleException($"party {party.Party} says that it uses the transport {party.Transport}, not {transport}");
            }
        }
    }

    private static async Task<string?> TryAsync(Func<Task> work, CancellationToken stop)
    {
        try
        {
            await work();
            return null;
        }
        catch (Exception e) when (!stop.IsCancellationRequested
            && e is (ConsoleException or TableException or TridentException or IOException or UnauthorizedAccessException))
        {
            return e.Message;
        }
    }
}
