using System.Globalization;
using Trident.Collections.Import;
using Trident.Collections.Neighbours;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;

namespace Trident.Collections;

/// <summary>The data owner's half of collections: makes the tables of a collection of vectors and shares them together.</summary>
public static class CollectionSharer
{
    /// <summary>The longest list of neighbours.</summary>
    public const int MaxNeighbours = 1_000;

    /// <summary>
    /// Shares a collection. All or nothing: whatever fails, or a cancellation, leaves the deployment as it was. Only the end of the process
    /// between the renames at the very end can leave tables without their description; the next sharing of the collection puts them in order.
    /// Vectors are read several times; memory is bounded but for ids, payloads and, where asked for, the search for neighbours.
    /// </summary>
    /// <param name="layout">Where the deployment is.</param>
    /// <param name="deployment">The deployment's id; part of each share file.</param>
    /// <param name="name">The collection's name. A plain table may have it too: they are different things.</param>
    /// <param name="vectors">N vectors of d elements; not disposed.</param>
    /// <param name="options">The rest.</param>
    /// <param name="progress">Told how far each step is; may be null.</param>
    /// <param name="ct">Stops it; nothing is left behind.</param>
    /// <returns>The collection.</returns>
    /// <exception cref="TableException">
    /// Bad name, the collection exists, ids or payloads that do not fit the vectors, vectors that cannot be scored or whose order the scores
    /// would not keep, too large a table, disk full. The message says what to do.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="ct"/> was cancelled before the collection was in place.</exception>
    public static SharedCollection Share(
        DeploymentLayout layout,
        Guid deployment,
        string name,
        IVectorSource vectors,
        CollectionShareOptions options,
        IProgress<CollectionProgress>? progress,
        CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(vectors);
        ArgumentNullException.ThrowIfNull(options);
        RefuseExisting(layout, name, options.Replace);
        if (options.Neighbours < 0 || options.Neighbours > MaxNeighbours || (options.Neighbours > 0 && options.Neighbours >= vectors.Rows))
        {
            throw new TableException(
                $"Lists of {options.Neighbours:N0} neighbours cannot be made of {vectors.Rows:N0} vectors; 1 to {MaxNeighbours:N0} can, and fewer than there are vectors.");
        }

        IdList ids = options.Ids is null ? IdList.None : IdList.Read(options.Ids, vectors.Rows);
        PayloadList payloads = options.Payload is null ? PayloadList.None : PayloadList.Read(options.Payload, vectors.Rows);
        RecordLayout records = LayoutFor(vectors, ids, payloads);
        if (options.Neighbours > 0)
        {
            records.NeighboursShape(options.Neighbours).Validate();
        }

        Random random = new(options.Seed);
        VectorSurvey survey = VectorSurvey.Of(vectors, options.Metric, ids.RowOf, random, At("reading vectors"), ct);
        (ScoreScale scale, OrderQuality? order) = ScaleFor(vectors.Shape, options.Metric, survey, random, ct);

        List<StagedTable> staged = [];
        Exception? failure = null;
        try
        {
            StagedTable Stage(string table, string what, IVectorSource source)
            {
                using (source)
                {
                    StagedTable one = TableSharer.Stage(layout, deployment, table, source, replace: true, At($"sharing {what}"), ct);
                    staged.Add(one);
                    return one;
                }
            }

            StagedTable scores = Stage(CollectionDescription.ScoresTable(name), "scores", new ScoreRows(vectors, scale, ids.RowOf, options.PassMemory, ct));

            // Asked again now that the tables' locks are held: another sharing may have ended meanwhile.
            RefuseExisting(layout, name, options.Replace);
            StagedTable table = Stage(CollectionDescription.RecordsTable(name), "records", new RecordRows(vectors, records, ids, payloads, options.PassMemory, ct));
            StagedTable? neighbours = null;
            if (options.Neighbours > 0)
            {
                NearestLists lists = NeighbourSearch.Run(vectors, options.Metric, ids.RowOf, options.Neighbours, At("finding neighbours"), ct);
                neighbours = Stage(CollectionDescription.NeighboursTable(name), "neighbours", new NeighbourRows(lists, records, ids, vectors.Rows, options.Neighbours));
            }

            CollectionDescription description = new(
                name, vectors.Rows, scale, records, scores.Description.Version, table.Description.Version, neighbours?.Description.Version, options.Neighbours);
            CollectionCommit.Run(layout, description, staged, ct);
            return new SharedCollection(description, order, options.Seed, ShareBytes(staged));
        }
        catch (Exception e)
        {
            failure = e;
            throw;
        }
        finally
        {
            if (CollectionCommit.LetGo(staged) is { } left && failure is TableException first)
            {
                throw new TableException($"{first.Message} Undoing it failed, too: {left.Message}", first);
            }
        }

        IProgress<(long Done, long Total)>? At(string step) => progress is null ? null : new StepProgress(progress, step);
    }

    private static void RefuseExisting(DeploymentLayout layout, string name, bool replace)
    {
        if (!replace && File.Exists(layout.CollectionFile(name)))
        {
            throw new TableException($"Collection '{name}' already exists; pass --replace to put a new version in its place.");
        }
    }

    private static RecordLayout LayoutFor(IVectorSource vectors, IdList ids, PayloadList payloads)
    {
        RecordLayout one = new(vectors.Shape, ids.Kind, ids.IdBytes, payloads.Kind, payloads.MaxBytes, PerRow: 1);
        one.Validate();
        return one with { PerRow = RecordLayout.BestPerRow(vectors.Rows, one.RecordBytes) };
    }

    private static (ScoreScale Scale, OrderQuality? Order) ScaleFor(RecordShape shape, Metric metric, VectorSurvey survey, Random random, CancellationToken ct)
    {
        if (metric != Metric.Cosine && !ScoreScale.CanScale(survey.MaxNorm))
        {
            throw new TableException($"The longest vector has the length {survey.MaxNorm:G3}, which is too short to be scored. Scale the vectors.");
        }

        ScoreScale scale = ScoreScale.For(metric, shape.Element, shape.Dimension, survey.MaxNorm);
        if (scale.Whole)
        {
            return (scale, null);
        }

        OrderQuality? order = OrderQuality.Measure(scale, shape.Element, survey.Sample, random, ct);
        if (order?.Recall < OrderQuality.Least)
        {
            double times = survey.MaxNorm / survey.MedianNorm;
            string why = metric != Metric.Cosine && times > 10
                ? string.Create(CultureInfo.InvariantCulture, $"The longest vector is {times:N0} times as long as the median, and takes the bits that the others need: remove what is out of line, or use cosine.")
                : "The vectors are too much alike for scores of 31 bits: subtract their mean, or use another metric.";
            throw new TableException($"The scores would not keep the order of the vectors: {order}, where {OrderQuality.Least} is the least. {why}");
        }

        return (scale, order);
    }

    private static long ShareBytes(List<StagedTable> staged) =>
        staged.Sum(table => (long)table.Description.Rows * table.Description.Words * sizeof(uint));

    private sealed class StepProgress(IProgress<CollectionProgress> to, string step) : IProgress<(long Done, long Total)>
    {
        public void Report((long Done, long Total) value) => to.Report(new CollectionProgress(step, value.Done, value.Total));
    }
}
