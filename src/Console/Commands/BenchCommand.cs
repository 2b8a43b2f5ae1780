using System.CommandLine;
using Trident.Abstractions;
using Trident.Client;
using Trident.Console.Deployments;
using Trident.Console.Measuring;
using Trident.Console.Text;
using Trident.Protocol.Tables;

namespace Trident.Console.Commands;

/// <summary><c>trident bench DIR --table NAME</c>: a closed loop at several levels of concurrency.</summary>
internal static class BenchCommand
{
    private const int MaxConcurrency = 4096;

    public static Command Create()
    {
        Argument<string> directory = new("DIR") { Description = "Directory of the deployment; its silos run." };
        Option<string> table = new("--table") { Description = "Name of the table.", Required = true };
        Option<int> queries = new("--queries") { Description = "Queries per level.", DefaultValueFactory = _ => 2000 };
        queries.Between(1, 100_000_000);
        Option<int[]> concurrency = new("--concurrency")
        {
            Description = "Levels: how many queries are under way at a time.",
            HelpName = "C[,C…]",
            Arity = ArgumentArity.ExactlyOne,
            DefaultValueFactory = _ => [1, 2, 4, 8, 16],
            CustomParser = NumberList.ForOption(text => NumberList.Parse(text, "concurrency", 1, MaxConcurrency)),
        };
        Option<string?> verify = new("--verify")
        {
            Description = "Vectors that the table was shared from: compare every answer with them. Without it every answer that passes the client's check counts as right.",
        };
        Option<string?> json = new("--json") { Description = "Write the result as JSON to this file.", HelpName = "OUT" };
        Option<int> warmUp = new("--warm-up") { Description = "Queries before the first level that are not counted.", DefaultValueFactory = _ => 300 };
        warmUp.Between(0, 1_000_000);
        Option<int> seed = new("--seed") { Description = "Seed of the rows that are asked for.", DefaultValueFactory = _ => 1 };
        Command command = new("bench", "Measure throughput and latency, and check the answers.")
        {
            directory, table, queries, concurrency, verify, json, warmUp, seed,
        };
        command.Runs(async (parsed, context, stop) =>
        {
            DeploymentLayout layout = OpenDeployment.At(parsed.GetRequiredValue(directory));
            TableDescription description = layout.Table(parsed.GetRequiredValue(table));
            string? output = parsed.GetValue(json);
            MustBeWritable(output);
            PlainTable? plain = parsed.GetValue(verify) is { } file ? ReadPlain(file, description, stop) : null;
            await using TridentClient client = await OpenDeployment.ConnectAsync(layout, stop);
            PartyStatus?[] status = await client.StatusAsync(stop);
            string transport = status.FirstOrDefault(s => s is not null)?.Transport ?? "unknown";

            Fetches load = new(context, client, description, plain);
            int[] levels = parsed.GetRequiredValue(concurrency);
            int first = parsed.GetValue(seed);
            int warm = parsed.GetValue(warmUp);
            if (warm > 0)
            {
                await load.RunAsync("warm-up", LoadRun.RandomRows(warm, description.Rows, first), levels[0], stop);
            }

            List<LoadResult> results = [];
            for (int i = 0; i < levels.Length; i++)
            {
                int[] rows = LoadRun.RandomRows(parsed.GetValue(queries), description.Rows, unchecked(first + i + 1));
                results.Add(await load.RunAsync(FormattableString.Invariant($"concurrency {levels[i]}"), rows, levels[i], stop));
            }

            LoadTable.Write(context, results, plain is not null);
            if (output is not null)
            {
                BenchReport report = new([.. results.Select(r => BenchRun.Of(transport, description.Product, r))]);
                await File.WriteAllTextAsync(output, CommandContext.Json(report, indented: true) + "\n", stop);
            }

            return results.All(r => r.Wrong == 0 && r.Failed == 0) ? CommandRunner.Done : CommandRunner.Failed;
        });
        return command;
    }

    private static PlainTable ReadPlain(string file, TableDescription description, CancellationToken stop)
    {
        if (!File.Exists(file))
        {
            throw new ConsoleException($"The vector file {file} does not exist.");
        }

        PlainTable plain = PlainTable.Read(file, stop);
        plain.MustFit(description, file);
        return plain;
    }

    // Minutes of measuring should not be lost to a mistyped directory.
    private static void MustBeWritable(string? output)
    {
        if (output is not null && !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(output))))
        {
            throw new ConsoleException($"{output} cannot be written: its directory does not exist.");
        }
    }
}
