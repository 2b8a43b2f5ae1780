using System.Globalization;
using Spectre.Console;
using Trident.Collections;
using Trident.Collections.Files;
using Trident.Protocol.Collections;
using Trident.Protocol.Sealing;
using Trident.Protocol.Tables;

namespace Trident.Console.Commands;

/// <summary><c>trident share DIR --collection NAME</c>: progress bars around <see cref="CollectionSharer"/>, and what is told of the result.</summary>
internal static class ShareCollection
{
    /// <summary>Shares a collection and prints what became of it.</summary>
    public static async Task<int> RunAsync(
        CommandContext context, DeploymentLayout layout, string name, string vectors, CollectionShareOptions options, Metric? metric, bool json, CancellationToken stop)
    {
        if (!File.Exists(vectors))
        {
            throw new ConsoleException($"The vector file {vectors} does not exist.");
        }

        SharedCollection shared = await ShareAsync(context, layout, name, vectors, options, metric, stop);
        CollectionDescription description = shared.Description;
        context.Out.WriteLine(json ? Json(shared) : string.Create(CultureInfo.InvariantCulture,
            $"collection {name}: {description.Count:N0} × {description.Dimension} {description.Layout.Vector.Element}, {description.Metric.Name()}, {description.Layout.PerRow} records a row, {shared.ShareBytes / 1e6:N1} MB for each party{(description.NeighboursPerList > 0 ? $", {description.NeighboursPerList} neighbours each" : "")}\n{Scores(shared)}"));
        return CommandRunner.Done;
    }

    /// <summary>Shares a collection under a progress bar for each step.</summary>
    public static async Task<SharedCollection> ShareAsync(
        CommandContext context, DeploymentLayout layout, string name, string vectors, CollectionShareOptions options, Metric? metric, CancellationToken stop)
    {
        Guid deployment = PartiesDescriptor.Load(layout.PartiesFile).Deployment;
        return await context.Progress.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(bars => Task.Run(
                () =>
                {
                    using VectorOpener file = VectorOpener.Open(vectors);
                    return CollectionSharer.Share(
                        layout, deployment, name, file.Source, options with { Metric = metric ?? file.Metric ?? Metric.L2 }, new Bars(bars), stop);
                },
                stop));
    }

    private static string Scores(SharedCollection shared)
    {
        ScoreScale scale = shared.Description.Scale;
        return scale.Whole ? "scores: whole numbers, exact"
            : string.Create(CultureInfo.InvariantCulture, $"scores: {Bits(scale):0.0} bits{(shared.Order is { } order ? $", {order} (seed {shared.Seed})" : "")}");
    }

    // Of the longest vector's length.
    private static double Bits(ScoreScale scale) => Math.Log2(scale.MaxNorm);

    private static string Json(SharedCollection shared)
    {
        CollectionDescription description = shared.Description;
        return CommandContext.Json(
            new
            {
                Collection = description.Name,
                description.Count,
                Element = description.Layout.Vector.Element.ToString(),
                description.Dimension,
                Metric = description.Metric.Name(),
                Exact = description.Scale.Whole,
                Bits = Bits(description.Scale),
                Recall = shared.Order?.Recall,
                RecallAt = shared.Order?.At,
                RecallQueries = shared.Order?.Queries,
                RecallRows = shared.Order?.Rows,
                shared.Seed,
                Ids = description.Layout.Ids.ToString(),
                Payloads = description.Layout.Payloads.ToString(),
                description.Layout.PerRow,
                description.NeighboursPerList,
                shared.ShareBytes,
                description.Scores,
                description.Records,
                description.Neighbours,
            },
            indented: true);
    }

    private sealed class Bars(ProgressContext bars) : IProgress<CollectionProgress>
    {
        private readonly Dictionary<string, ProgressTask> _bars = [];

        public void Report(CollectionProgress value)
        {
            if (!_bars.TryGetValue(value.Step, out ProgressTask? bar))
            {
                bar = bars.AddTask(Markup.Escape(value.Step), maxValue: 1);
                _bars.Add(value.Step, bar);
            }

            bar.MaxValue = Math.Max(value.Total, 1);
            bar.Value = value.Done;
        }
    }
}
