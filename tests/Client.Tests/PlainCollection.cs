using System.Runtime.InteropServices;
using System.Text;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;

namespace Trident.Client.Tests;

/// <summary>A collection in the clear: what a data owner would share, made in memory, and the answers that are right.</summary>
public sealed class PlainCollection
{
    private readonly double[][] _vectors;

    /// <param name="name">Its name.</param>
    /// <param name="metric">Its metric.</param>
    /// <param name="element">What the vectors' elements are.</param>
    /// <param name="vectors">The vectors, in the order of their ids.</param>
    /// <param name="ids">Ids of text; null for rows.</param>
    /// <param name="payloads">Lines of text; null for none.</param>
    /// <param name="perRow">Records in a row of the record table.</param>
    public PlainCollection(string name, Metric metric, ElementKind element, double[][] vectors, string[]? ids = null, string[]? payloads = null, int perRow = 4)
    {
        _vectors = vectors;
        int dimension = vectors[0].Length, count = vectors.Length;
        RecordLayout layout = new(new RecordShape(element, dimension), ids is null ? IdKind.Row : IdKind.Text, ids?.Max(Encoding.UTF8.GetByteCount) ?? 0,
            payloads is null ? PayloadKind.None : PayloadKind.Text, payloads?.Max(Encoding.UTF8.GetByteCount) ?? 0, perRow);
        ScoreScale scale = ScoreScale.For(metric, element, dimension, vectors.Max(v => Math.Sqrt(v.Sum(x => x * x))));
        Description = new CollectionDescription(name, count, scale, layout, Guid.NewGuid(), Guid.NewGuid(), null, 0);
        Description.Validate();

        ScoreRows = [.. Enumerable.Range(0, scale.Rows(dimension)).Select(_ => new uint[count])];
        RecordRows = [.. Enumerable.Range(0, layout.Rows(count)).Select(_ => new byte[layout.RowShape.Bytes])];
        uint[] column = new uint[scale.Rows(dimension)];
        for (int i = 0; i < count; i++)
        {
            scale.Column(vectors[i], column);
            for (int r = 0; r < column.Length; r++)
            {
                ScoreRows[r][i] = column[r];
            }

            layout.Write(Bytes(vectors[i], element), ids is null ? [] : layout.EncodeId(ids[i]), payloads is null ? [] : Encoding.UTF8.GetBytes(payloads[i]),
                RecordRows[i / perRow].AsSpan(i % perRow * layout.RecordBytes, layout.RecordBytes));
        }
    }

    public CollectionDescription Description { get; private set; }

    public uint[][] ScoreRows { get; }

    public byte[][] RecordRows { get; }

    public TableDescription Scores => new(CollectionDescription.ScoresTable(Description.Name), Description.Scores, ScoreRows.Length, new RecordShape(ElementKind.Word, Description.Count));

    public TableDescription Records => new(CollectionDescription.RecordsTable(Description.Name), Description.Records, RecordRows.Length, Description.Layout.RowShape);

    /// <summary>Vectors of small whole numbers, so that there are ties.</summary>
    public static double[][] Whole(Random random, int count, int dimension, int below) =>
        [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, dimension).Select(_ => (double)random.Next(below)).ToArray())];

    /// <summary>Vectors of singles between −1 and 1.</summary>
    public static double[][] Real(Random random, int count, int dimension) =>
        [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, dimension).Select(_ => (double)(float)(2 * random.NextDouble() - 1)).ToArray())];

    /// <summary>The right rows and figures, nearest first, ties by row.</summary>
    public (int Row, double Score)[] Nearest(float[] query, int k)
    {
        double[] q = Array.ConvertAll(query, x => (double)x);
        Metric metric = Description.Metric;
        return [.. _vectors.Select((v, row) => (Row: row, Score: metric.Measure(v, q))).OrderBy(x => metric.Rank(x.Score)).ThenBy(x => x.Row).Take(k)];
    }

    /// <summary>Shares scores, records and description to a deployment.</summary>
    public void Share(DeploymentLayout layout, Guid deployment, bool replace = false)
    {
        using Rows scores = new(Scores.Shape, [.. ScoreRows.Select(r => MemoryMarshal.AsBytes(r.AsSpan()).ToArray())]), records = new(Records.Shape, RecordRows);
        using StagedTable first = TableSharer.Stage(layout, deployment, Scores.Name, scores, replace, null, CancellationToken.None);
        using StagedTable second = TableSharer.Stage(layout, deployment, Records.Name, records, replace, null, CancellationToken.None);
        Description = Description with { Scores = first.Description.Version, Records = second.Description.Version };
        first.Commit();
        second.Commit();
        Directory.CreateDirectory(layout.CollectionsDirectory);
        File.Delete(layout.CollectionFile(Description.Name));
        Description.WriteTo(layout.CollectionFile(Description.Name));
        first.DeleteOlder();
        second.DeleteOlder();
    }

    private static byte[] Bytes(double[] vector, ElementKind element) => element switch
    {
        ElementKind.U8 => Array.ConvertAll(vector, x => (byte)x),
        ElementKind.I4 => MemoryMarshal.AsBytes(Array.ConvertAll(vector, x => (int)x).AsSpan()).ToArray(),
        ElementKind.F4 => MemoryMarshal.AsBytes(Array.ConvertAll(vector, x => (float)x).AsSpan()).ToArray(),
        _ => MemoryMarshal.AsBytes(vector.AsSpan()).ToArray(),
    };

    private sealed class Rows(RecordShape shape, byte[][] rows) : IVectorSource
    {
        private int _next;

        int IVectorSource.Rows => rows.Length;

        public RecordShape Shape => shape;

        public bool Next(Span<byte> record)
        {
            if (_next == rows.Length)
            {
                return false;
            }

            rows[_next++].CopyTo(record);
            return true;
        }

        public void Reset() => _next = 0;

        public void Dispose()
        {
        }
    }
}
