using System.CommandLine;
using Trident.Client;
using Trident.Console.Demo;
using Trident.Console.Deployments;
using Trident.Console.Measuring;
using Trident.Console.Silos;
using Trident.Protocol.Tables;

namespace Trident.Console.Commands;

/// <summary><c>trident demo</c>: everything on one machine, from nothing, and checked.</summary>
internal static class DemoCommand
{
    private const int Queries = 1000;
    private const int Concurrency = 16;
    private const string Table = "demo";

    public static Command Create()
    {
        Option<bool> keep = new("--keep") { Description = "Keep the deployment's directory." };
        Option<bool> generated = new("--generated") { Description = "Use generated vectors even where the images are installed." };
        Option<int> seed = new("--seed") { Description = "Seed of the rows that are asked for.", DefaultValueFactory = _ => Environment.TickCount & 0xffff };
        Option<string?> picture = new("--picture") { Description = "Where to draw the searches, as .png; overwritten if it is there. Else trident-demo.png here, or the next free number.", HelpName = "FILE" };
        Command command = new("demo", "Three servers on this machine, 1,000 private fetches and six searches, each compared with the plaintext.") { keep, generated, seed, picture };
        command.Runs(async (parsed, context, stop) =>
        {
            string drawn = Path.GetFullPath(parsed.GetValue(picture) ?? DemoSearch.Free(Directory.GetCurrentDirectory()));
            OutputFile.MustBeWritable(drawn, ".png");
            string directory = Directory.CreateTempSubdirectory("trident-demo-").FullName;
            try
            {
                return await RunAsync(context, directory, parsed.GetValue(generated), parsed.GetValue(seed), drawn, stop);
            }
            finally
            {
                if (parsed.GetValue(keep))
                {
                    context.Error.WriteLine($"kept: {directory}");
                }
                else
                {
                    Directory.Delete(directory, recursive: true);
                }
            }
        });
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, string directory, bool generated, int seed, string picture, CancellationToken stop)
    {
        DemoVectors vectors = generated ? DemoVectors.Generate(directory) : DemoVectors.Find() ?? DemoVectors.Generate(directory);
        context.Out.WriteLine(vectors.Description);
        DeploymentWriter.Write(directory, DeploymentWriter.Loopback, FreePorts.FindBase());
        DeploymentLayout layout = new(directory);
        TableDescription table = await ShareCommand.RunAsync(context, layout, Table, vectors.Path, replace: false, stop);
        PlainTable plain = PlainTable.Read(vectors.Path, stop);
        plain.MustFit(table, vectors.Path);
        context.Out.WriteLine($"shared between three parties: {table.Rows} rows of {table.Shape.Dimension} {table.Shape.Element}, {table.Words} words a row");

        DemoSearch search = await DemoSearch.ShareAsync(context, layout, vectors, seed, stop);
        LoadResult result;
        DemoSearchResult found;
        await using (LocalSilos silos = await UpCommand.StartAsync(context, layout, [], ClusterChoice.Embedded, stop))
        {
            context.Out.WriteLine($"three silos serve, as processes of their own (seed of the rows: {seed})");
            await using TridentClient client = await OpenDeployment.ConnectAsync(layout, ClusterChoice.Embedded, stop);
            Fetches load = new(context, client, table, plain);
            result = await load.RunAsync("1,000 private fetches", LoadRun.RandomRows(Queries, table.Rows, seed), Concurrency, stop);
            found = await search.RunAsync(client, stop);
        }

        LoadTable.Write(context, [result], compared: true);
        (int first, int second) = ServerView.TwoRows(table.Rows, seed);
        ServerView.Write(context, table.Rows, first, second);

        search.Write(context, found, picture);

        // A fetch that failed gave no right answer, so it counts against the demo as a wrong one does.
        context.Out.WriteLine(FormattableString.Invariant(
            $"demo: {Queries} answers checked against the plaintext, {result.Right} right, {Queries - result.Right} wrong"));
        return result.Right == Queries && found.Right == found.Wanted ? CommandRunner.Done : CommandRunner.Failed;
    }
}
