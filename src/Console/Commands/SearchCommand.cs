using System.CommandLine;
using Trident.Client;
using Trident.Console.Deployments;
using Trident.Console.Measuring;
using Trident.Console.Searching;
using Trident.Console.Text;
using Trident.Protocol.Collections;

namespace Trident.Console.Commands;

/// <summary><c>trident search DIR --collection NAME --query-file F</c>, or <c>--hdf5 FILE</c>; the recall by <c>--groundtruth</c>, the file's own, or <c>--against</c>.</summary>
internal static class SearchCommand
{
    public static Command Create()
    {
        Argument<string> directory = new("DIR") { Description = "Directory of the deployment." };
        Option<string> collection = new("--collection") { Description = "Name of the collection.", Required = true };
        Option<string?> queries = new("--query-file") { Description = "Queries: .fvecs, .bvecs, .ivecs, .npy, or idx (.gz too).", HelpName = "FILE" };
        Option<string?> hdf5 = new("--hdf5") { Description = "Queries and their true neighbours out of an ann-benchmarks file.", HelpName = "FILE" };
        Option<string?> truth = new("--groundtruth") { Description = "Ids of each query's true neighbours, .ivecs; the recall is measured by them.", HelpName = "FILE" };
        Option<string?> against = new("--against") { Description = "The vectors of which the collection was made: compare every query with all of them in the clear, and measure the recall by that.", HelpName = "VECTORS" };
        Option<int?> limit = new("--limit") { Description = "Ask the first so many queries only." };
        Option<int> k = new("--k") { Description = "Neighbours, 1 to 1,000.", DefaultValueFactory = _ => 10 };
        Option<int> concurrency = new("--concurrency") { Description = "Searches under way at a time.", DefaultValueFactory = _ => 1 };
        Option<int> rounds = new("--rounds")
        {
            Description = "Ask all queries so many times, to measure for longer; the figures are of all, the hits those of the last.",
            DefaultValueFactory = _ => 1,
        };
        Option<bool> json = new("--json") { Description = "Print the result as JSON." };
        k.Between(1, 1000);
        limit.Between(1, int.MaxValue);
        concurrency.Between(1, 1024);
        rounds.Between(1, 10_000);
        Command command = new("search", "Find the nearest neighbours of queries, privately.") { directory, collection, queries, hdf5, truth, against, limit, k, concurrency, rounds, json };
        ClusteringOptions clustering = ClusteringOptions.OfClient();
        clustering.AddTo(command);
        command.Validators.Add(result =>
        {
            bool file = result.GetValue(queries) is not null, benchmark = result.GetValue(hdf5) is not null;
            if (file == benchmark)
            {
                result.AddError(file ? "Give --query-file or --hdf5, not both." : "Queries are needed: give --query-file or --hdf5.");
            }

            if (benchmark && result.GetValue(truth) is not null)
            {
                result.AddError("--groundtruth goes with --query-file; an --hdf5 file has its own.");
            }

            if (result.GetValue(truth) is not null && result.GetValue(against) is not null)
            {
                result.AddError("Give --groundtruth or --against, not both.");
            }
        });
        command.Runs(async (parsed, context, stop) =>
        {
            QuerySet set = await Task.Run(() => parsed.GetValue(hdf5) is { } benchmark
                ? QuerySet.FromHdf5(benchmark, parsed.GetValue(limit))
                : QuerySet.FromVectors(parsed.GetRequiredValue(queries)!, parsed.GetValue(truth), parsed.GetValue(limit), stop), stop);
            int wanted = parsed.GetValue(k);
            string? plain = parsed.GetValue(against);
            if (plain is null)
            {
                set.Truth?.MustReach(wanted);
            }

            await using TridentClient client = await OpenDeployment.ConnectAsync(OpenDeployment.At(parsed.GetRequiredValue(directory)), clustering.Of(parsed), stop);
            CollectionDescription searched = Find(client, parsed.GetRequiredValue(collection));
            MustFit(searched, set, wanted);
            if (plain is not null)
            {
                set = await CompareAsync(context, set, plain, searched, wanted, stop);
            }

            SearchReport report = await RunAsync(context, client, searched, set, wanted, parsed.GetValue(concurrency), parsed.GetValue(rounds), stop);
            if (parsed.GetValue(json))
            {
                context.Out.WriteLine(CommandContext.Json(report, indented: true));
            }
            else
            {
                report.Write(context);
            }

            return report.Answered == report.Queries && report.Failed == 0 ? CommandRunner.Done : CommandRunner.Failed;
        });
        return command;
    }

    /// <summary>The collection of a name.</summary>
    /// <exception cref="ConsoleException">There is none.</exception>
    public static CollectionDescription Find(TridentClient client, string name) => client.Collections.FirstOrDefault(c => c.Name == name)
        ?? throw new ConsoleException(client.Collections.Count == 0
            ? $"There is no collection '{name}': the deployment has none. 'trident share --collection' makes one."
            : $"There is no collection '{name}'; the deployment has {string.Join(", ", client.Collections.Select(c => c.Name))}.");

    private static void MustFit(CollectionDescription collection, QuerySet set, int k)
    {
        if (set.Vectors[0].Length != collection.Dimension)
        {
            throw new ConsoleException($"The queries have {set.Vectors[0].Length:N0} numbers each, and the vectors of collection '{collection.Name}' have {collection.Dimension:N0}.");
        }

        if (set.Metric is { } metric && metric != collection.Metric)
        {
            throw new ConsoleException(
                $"The --hdf5 file is of queries and neighbours by {metric.Name()}, and collection '{collection.Name}' is searched by {collection.Metric.Name()}; share it with --metric {metric.Name()}, or search another.");
        }

        if (k > collection.Count)
        {
            throw new ConsoleException($"--k is {k:N0}, and collection '{collection.Name}' has {collection.Count:N0} vectors; ask for fewer.");
        }
    }

    private static async Task<QuerySet> CompareAsync(CommandContext context, QuerySet set, string plain, CollectionDescription collection, int k, CancellationToken stop)
    {
        QuerySet? compared = null;
        await context.WithProgressAsync("comparing in the clear", async report => compared = await Task.Run(
            () => set.Against(plain, collection, k, new Comparing(report), stop), stop));
        return compared!;
    }

    private static async Task<SearchReport> RunAsync(
        CommandContext context, TridentClient client, CollectionDescription collection, QuerySet set, int k, int concurrency, int rounds, CancellationToken stop)
    {
        SearchResult?[] results = new SearchResult?[set.Vectors.Count];
        LoadResult? load = null;
        long exact = 0;
        await context.WithProgressAsync($"searching {collection.Name}", async report => load = await LoadRun.RunAsync(
            [.. Enumerable.Range(0, rounds).SelectMany(_ => Enumerable.Range(0, results.Length))],
            concurrency,
            async (query, ct) =>
            {
                SearchResult found = results[query] = await client.SearchAsync(collection.Name, set.Vectors[query], k, ct);
                if (found.Exact)
                {
                    Interlocked.Increment(ref exact);
                }

                return new Answer([], found.Verified, found.BytesToEachPeer);
            },
            isRight: null,
            report,
            stop));
        return SearchReport.Of(collection, k, results, load!, exact, set.Truth);
    }

    private sealed class Comparing(Action<long, long> report) : IProgress<(long Done, long Total)>
    {
        public void Report((long Done, long Total) value) => report(value.Done, value.Total);
    }
}
