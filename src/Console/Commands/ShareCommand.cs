using System.CommandLine;
using Trident.Collections.Files;
using Trident.Console.Deployments;
using Trident.Protocol.Sealing;
using Trident.Protocol.Tables;

namespace Trident.Console.Commands;

/// <summary><c>trident share DIR --table|--collection NAME --vectors FILE</c>: the data owner's half.</summary>
internal static class ShareCommand
{
    public static Command Create()
    {
        Argument<string> directory = new("DIR") { Description = "Directory of the deployment." };
        Option<string> table = new("--table") { Description = "Name of the table: vectors are fetched by row." };
        Option<string> collection = new("--collection") { Description = "Name of the collection: vectors are searched for the nearest. Not with --table." };
        Option<string> vectors = new("--vectors") { Description = "Vectors: .fvecs, .bvecs, .ivecs, .npy, or idx (.gz too); .hdf5 of ann-benchmarks.", Required = true };
        Option<bool> replace = new("--replace") { Description = "Replace a table or collection of that name." };
        Option<string> product = new("--product")
        {
            Description = "For a table. stock (unless told otherwise): little is sent for a query. beaver: a query sends as much as the table, and 'put' can change rows while it is served.",
        };
        product.AcceptOnlyFromAmong(TableDescription.StockProduct, TableDescription.BeaverProduct);
        CollectionOptions ofCollection = new();
        Option<bool> json = new("--json") { Description = "Print the result as JSON." };
        Command command = new("share", "Read vectors, share them between the parties, write each party's file.")
        {
            directory, table, collection, vectors, replace, product, ofCollection.Metric, ofCollection.Ids, ofCollection.Payload, ofCollection.Neighbours, json,
        };
        command.Runs(async (parsed, context, stop) =>
        {
            string? tableName = parsed.GetValue(table), collectionName = parsed.GetValue(collection);
            if (tableName is null == collectionName is null)
            {
                throw new ConsoleException("Name either a table with --table or a collection with --collection.", CommandRunner.UsageError);
            }

            if (collectionName is not null)
            {
                if (parsed.GetResult(product) is not null)
                {
                    throw new ConsoleException("--product is for --table; a collection is always for the product stock.", CommandRunner.UsageError);
                }

                return await ShareCollection.RunAsync(
                    context, OpenDeployment.At(parsed.GetRequiredValue(directory)), collectionName, parsed.GetRequiredValue(vectors),
                    ofCollection.Read(parsed) with { Replace = parsed.GetValue(replace) }, ofCollection.MetricOf(parsed), parsed.GetValue(json), stop);
            }

            ofCollection.RefuseGiven(parsed);
            DeploymentLayout layout = OpenDeployment.At(parsed.GetRequiredValue(directory));
            TableDescription description = await RunAsync(
                context, layout, tableName!, parsed.GetRequiredValue(vectors), parsed.GetValue(replace), stop,
                parsed.GetValue(product) ?? TableDescription.StockProduct);
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

        using VectorOpener file = await Task.Run(() => VectorOpener.Open(vectors), stop);
        return await RunAsync(context, layout, table, file.Source, Path.GetFileName(vectors), product, replace, stop);
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
