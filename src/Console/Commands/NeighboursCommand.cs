using System.CommandLine;
using System.Globalization;
using Trident.Client;
using Trident.Console.Deployments;
using Trident.Console.Text;
using Trident.Protocol.Collections;

namespace Trident.Console.Commands;

/// <summary><c>trident neighbours DIR --collection NAME --row N</c>.</summary>
internal static class NeighboursCommand
{
    public static Command Create()
    {
        Argument<string> directory = new("DIR") { Description = "Directory of the deployment." };
        Option<string> collection = new("--collection") { Description = "Name of the collection; shared with --neighbours.", Required = true };
        Option<int> row = new("--row") { Description = "Row of the vector, counted from 0 in the order of the ids.", Required = true };
        Option<int?> k = new("--k") { Description = "Show the nearest so many of its list; all unless given." };
        Option<bool> json = new("--json") { Description = "Print the result as JSON." };
        k.Between(1, 1000);
        Command command = new("neighbours", "Fetch the neighbours of one vector of a collection privately.") { directory, collection, row, k, json };
        ClusteringOptions clustering = ClusteringOptions.OfClient();
        clustering.AddTo(command);
        command.Runs(async (parsed, context, stop) =>
        {
            await using TridentClient client = await OpenDeployment.ConnectAsync(OpenDeployment.At(parsed.GetRequiredValue(directory)), clustering.Of(parsed), stop);
            CollectionDescription of = SearchCommand.Find(client, parsed.GetRequiredValue(collection));
            int shown = parsed.GetValue(k) ?? of.NeighboursPerList;
            if (of.Neighbours is not null && shown > of.NeighboursPerList)
            {
                throw new ConsoleException($"--k is {shown:N0}, and the lists of collection '{of.Name}' have {of.NeighboursPerList:N0} neighbours.");
            }

            int asked = parsed.GetRequiredValue(row);
            NeighbourList list = await client.NeighboursAsync(of.Name, asked, stop);
            string[] ids = [.. list.Ids.Take(shown)];
            if (parsed.GetValue(json))
            {
                context.Out.WriteLine(CommandContext.Json(
                    new { Collection = of.Name, Row = asked, Neighbours = ids, list.Verified, list.Unverified, LatencyMs = Math.Round(list.Latency.TotalMilliseconds, 3) }, indented: false));
                return CommandRunner.Done;
            }

            context.Out.WriteLine($"row {asked}: {string.Join(", ", ids)}");
            context.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{Verification.Clause(list.Unverified)}; {list.Latency.TotalMilliseconds:0.00} ms"));
            return CommandRunner.Done;
        });
        return command;
    }
}
