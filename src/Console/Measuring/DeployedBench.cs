using Trident.Abstractions;
using Trident.Client;
using Trident.Console.Deployments;
using Trident.Console.Silos;
using Trident.Protocol.Tables;

namespace Trident.Console.Measuring;

/// <summary><c>bench DIR --table NAME</c>: a deployment whose silos run already.</summary>
internal static class DeployedBench
{
    /// <summary>Measures and gives the exit code: 1 when anything was wrong or failed.</summary>
    /// <param name="context">Where results go.</param>
    /// <param name="layout">The deployment.</param>
    /// <param name="clustering">Where its gateways are looked up.</param>
    /// <param name="table">The table's name.</param>
    /// <param name="verify">The file to compare answers with; null for no comparison.</param>
    /// <param name="plan">The queries.</param>
    /// <param name="json">Where the JSON goes; null for nowhere.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<int> RunAsync(
        CommandContext context, DeploymentLayout layout, ClusterChoice clustering, string table, string? verify, BenchPlan plan, string? json, CancellationToken stop)
    {
        TableDescription description = layout.Table(table);
        PlainTable? plain = verify is null ? null : ReadPlain(verify, description, stop);
        await using TridentClient client = await OpenDeployment.ConnectAsync(layout, clustering, stop);
        PartyStatus?[] status = await client.StatusAsync(stop);
        PartyStatus? first = status.FirstOrDefault(s => s is not null);
        string transport = first?.Transport ?? "unknown";
        LinkModel link = first?.Laboratory is { } slow
            ? new LinkModel(slow.LinkDelayMs, slow.LinkMegabitsPerSecond > 0 ? slow.LinkMegabitsPerSecond : null)
            : LinkModel.None;

        List<LoadResult> results = await plan.RunAsync(new Fetches(context, client, description, plain), description.Rows, _ => true, stop);
        LoadTable.Write(context, results, plain is not null);
        if (json is not null)
        {
            BenchReport report = new(
                [.. results.Select(r => BenchRun.Of(transport, description.Product, link, r))],
                new BenchData(description.Name, description.Rows, description.Shape.Dimension, description.Shape.Element.ToString()));
            await File.WriteAllTextAsync(json, CommandContext.Json(report, indented: true) + "\n", stop);
        }

        return results.All(r => r.Wrong == 0 && r.Failed == 0) ? CommandRunner.Done : CommandRunner.Failed;
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
}
