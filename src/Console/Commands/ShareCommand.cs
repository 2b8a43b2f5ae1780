using System.CommandLine;
using Trident.Console.Deployments;
using Trident.Protocol.Sealing;
using Trident.Protocol.Tables;

namespace Trident.Console.Commands;

/// <summary><c>trident share DIR --table NAME --vectors FILE</c>: the data owner's half.</summary>
internal static class ShareCommand
{
    public static Command Create()
    {
        Argument<string> directory = new("DIR") { Description = "Directory of the deployment." };
        Option<string> table = new("--table") { Description = "Name of the table.", Required = true };
        Option<string> vectors = new("--vectors") { Description = "Vectors: .fvecs, .bvecs, .ivecs, .npy, or idx (.gz too).", Required = true };
        Option<bool> replace = new("--replace") { Description = "Replace a table of that name." };
        Option<string> product = new("--product")
        {
            Description = "stock: little is sent for a query. beaver: a query sends as much as the table, and 'put' can change rows while it is served.",
            DefaultValueFactory = _ => TableDescription.StockProduct,
        };
        product.AcceptOnlyFromAmong(TableDescription.StockProduct, TableDescription.BeaverProduct);
        Option<bool> json = new("--json") { Description = "Print the result as JSON." };
        Command command = new("share", "Read vectors, share them between the parties, write each party's file.")
        {
            directory, table, vectors, replace, product, json,
        };
        command.Runs(async (parsed, context, stop) =>
        {
            DeploymentLayout layout = OpenDeployment.At(parsed.GetRequiredValue(directory));
            TableDescription description = await RunAsync(
                context, layout, parsed.GetRequiredValue(table), parsed.GetRequiredValue(vectors), parsed.GetValue(replace), stop,
                parsed.GetRequiredValue(product));
            context.Out.WriteLine(parsed.GetValue(json)
                ? CommandContext.Json(
                    new
                    {
                        Table = description.Name,
                        description.Version,
                        description.Rows,
                        Element = description.Shape.Element.ToString(),
                        description.Shape.Dimension,
                        description.Words,
                        description.Product,
                    },
                    indented: true)
                : $"table {description.Name}: {description.Rows} × {description.Shape.Dimension} {description.Shape.Element}, {description.Words} words a row, product {description.Product}, version {description.Version}");
            return CommandRunner.Done;
        });
        return command;
    }

    /// <summary>Shares a file under a progress bar.</summary>
    public static async Task<TableDescription> RunAsync(
        CommandContext context, DeploymentLayout layout, string table, string vectors, bool replace, CancellationToken stop,
        string product = TableDescription.StockProduct)
    {
        if (!File.Exists(vectors))
        {
            throw new ConsoleException($"The vector file {vectors} does not exist.");
        }

        using IVectorSource source = await Task.Run(() => VectorFile.Open(vectors), stop);
        return await RunAsync(context, layout, table, source, Path.GetFileName(vectors), product, replace, stop);
    }

    /// <summary>Shares records for a product, under a progress bar.</summary>
    public static async Task<TableDescription> RunAsync(
        CommandContext context, DeploymentLayout layout, string table, IVectorSource source, string name, string product, bool replace, CancellationToken stop)
    {
        Guid deployment = PartiesDescriptor.Load(layout.PartiesFile).Deployment;
        TableDescription? description = null;
        await context.WithProgressAsync($"sharing {name}", report => Task.Run(
            () => description = TableSharer.Share(layout, deployment, table, source, replace, new Relay(report), stop, product),
            stop));
        return description!;
    }

    // Progress<T> posts to the thread pool, where reports can overtake each other.
    private sealed class Relay(Action<long, long> report) : IProgress<(long Done, long Total)>
    {
        public void Report((long Done, long Total) value) => report(value.Done, value.Total);
    }
}
