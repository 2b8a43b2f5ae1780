using System.CommandLine;
using System.Globalization;
using Trident.Abstractions;
using Trident.Client;
using Trident.Console.Deployments;
using Trident.Console.Text;

namespace Trident.Console.Commands;

/// <summary><c>trident fetch DIR --table NAME --row N[,N…]</c>.</summary>
internal static class FetchCommand
{
    public static Command Create()
    {
        Argument<string> directory = new("DIR") { Description = "Directory of the deployment." };
        Option<string> table = new("--table") { Description = "Name of the table.", Required = true };
        Option<int[]> row = new("--row")
        {
            Description = "Row, or rows separated by commas, counted from 0.",
            HelpName = "N[,N…]",
            Required = true,
            AllowMultipleArgumentsPerToken = false,
            Arity = ArgumentArity.ExactlyOne,
            CustomParser = NumberList.ForOption(text => NumberList.Parse(text, "row")),
        };
        ClusteringOptions clustering = ClusteringOptions.OfClient();
        Option<bool> json = new("--json") { Description = "Print the result as JSON." };
        Command command = new("fetch", "Fetch rows privately and print their numbers.") { directory, table, row, json };
        clustering.AddTo(command);
        command.Runs(async (parsed, context, stop) =>
        {
            await using TridentClient client = await OpenDeployment.ConnectAsync(OpenDeployment.At(parsed.GetRequiredValue(directory)), clustering.Of(parsed), stop);
            FetchReport report = await FetchAsync(client, parsed.GetRequiredValue(table), parsed.GetRequiredValue(row), stop);
            if (parsed.GetValue(json))
            {
                context.Out.WriteLine(CommandContext.Json(report, indented: false));
                return CommandRunner.Done;
            }

            foreach (FetchedRow fetched in report.Rows)
            {
                context.Out.WriteLine($"row {fetched.Row}: {RecordNumbers.Line(fetched.Values)}");
            }

            context.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Verification.Clause(report.Unverified)}; {report.LatencyMs:0.00} ms"));
            return CommandRunner.Done;
        });
        return command;
    }

    /// <summary>Fetches rows, in as few queries as the protocol allows. The latency is that of all of them together.</summary>
    private static async Task<FetchReport> FetchAsync(TridentClient client, string table, int[] rows, CancellationToken stop)
    {
        List<FetchedRow> fetched = [];
        string? unverified = null;
        TimeSpan latency = TimeSpan.Zero;
        int most = client.Tables.FirstOrDefault(t => t.Name == table) is { } known ? QueryLimits.MaxRows(known) : QueryPlaintext.MaxCount;
        foreach (int[] part in rows.Chunk(most))
        {
            FetchResult result = await client.FetchAsync(table, part, stop);
            unverified ??= result.Unverified;
            latency += result.Latency;
            fetched.AddRange(part.Select((r, i) => new FetchedRow(r, RecordNumbers.Values(result.Records[i], result.Table.Shape))));
        }

        return new FetchReport(table, [.. fetched], unverified is null, unverified, Math.Round(latency.TotalMilliseconds, 3));
    }
}
