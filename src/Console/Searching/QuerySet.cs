using Trident.Collections.Files;
using Trident.Collections.Neighbours;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;

namespace Trident.Console.Searching;

/// <summary>Queries out of a file, and what is known of their answers.</summary>
/// <param name="Vectors">The queries, one array each.</param>
/// <param name="Truth">Their true neighbours; null where none were given.</param>
internal sealed record QuerySet(IReadOnlyList<float[]> Vectors, GroundTruth? Truth)
{
    /// <summary>The metric by which the file says that its neighbours are the nearest; null where it says nothing.</summary>
    public Metric? Metric { get; private init; }

    /// <summary>Reads a vector file, and a file of the true neighbours where one is given.</summary>
    /// <param name="path">Queries, in any format of vectors.</param>
    /// <param name="groundTruth">An .ivecs file (or any file of whole numbers): ids of each query's neighbours, nearest first.</param>
    /// <param name="limit">Take so many queries from the start; null for all.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="ConsoleException">A file is missing, or the two do not fit together.</exception>
    /// <exception cref="TableException">As <see cref="VectorFile.Open"/>.</exception>
    public static QuerySet FromVectors(string path, string? groundTruth, int? limit, CancellationToken stop)
    {
        IReadOnlyList<float[]> vectors = Read(path, limit, stop, static (source, record) => Array.ConvertAll(Numbers(source, record), static n => (float)n), out int rows);
        if (groundTruth is null)
        {
            return new QuerySet(vectors, null);
        }

        IReadOnlyList<string[]> ids = Read(groundTruth, limit, stop, static (source, record) => source.Shape.Element is ElementKind.I4 or ElementKind.U8
            ? Array.ConvertAll(Numbers(source, record), static n => FormattableString.Invariant($"{(long)n}"))
            : throw new ConsoleException($"The ground truth holds {source.Shape.Element} numbers, and ids are whole ones: give an .ivecs file."), out int truths);
        return truths == rows
            ? new QuerySet(vectors, new GroundTruth(ids, null))
            : throw new ConsoleException($"{groundTruth} has the neighbours of {truths:N0} queries, and {path} has {rows:N0}.");
    }

    /// <summary>Reads the queries of an ann-benchmarks file, with its metric, neighbours and distances.</summary>
    /// <exception cref="ConsoleException">The file is missing, holds no queries, or its neighbours and distances are not of one size.</exception>
    /// <exception cref="TableException">As <see cref="AnnBenchmarkFile.Open"/>.</exception>
    public static QuerySet FromHdf5(string path, int? limit)
    {
        MustExist(path);
        using AnnBenchmarkFile file = AnnBenchmarkFile.Open(path);
        float[][] test = [.. file.Test.Take(limit ?? int.MaxValue)];
        if (test.Length == 0)
        {
            throw new ConsoleException($"{path} holds no queries: it has no dataset 'test', or an empty one.");
        }

        if (file.Neighbors is not { } neighbours)
        {
            return new QuerySet(test, null) { Metric = file.Metric };
        }

        if (neighbours.Length != file.Test.Length || (file.Distances is { } d && d.Length != neighbours.Length))
        {
            throw new ConsoleException($"{path} is damaged: 'test' has {file.Test.Length:N0} rows, and 'neighbors' or 'distances' another number.");
        }

        // Rows of a dataset are of one length, and a dataset has at least one.
        if (file.Distances is { } distances && distances[0].Length != neighbours[0].Length)
        {
            throw new ConsoleException($"{path} is damaged: 'neighbors' has {neighbours[0].Length:N0} for each query, and 'distances' {distances[0].Length:N0}.");
        }

        return new QuerySet(test, new GroundTruth(
            [.. neighbours.Take(test.Length).Select(rows => Array.ConvertAll(rows, static r => FormattableString.Invariant($"{r}")))],
            file.Distances?.Take(test.Length).ToArray()))
        { Metric = file.Metric };
    }

    /// <summary>
    /// The same queries with the neighbours that comparing with every vector in the clear finds. The vectors need not be in the order of the
    /// collection's rows: hits are judged by their distances.
    /// </summary>
    /// <param name="path">The vectors of which the collection was made.</param>
    /// <param name="collection">The collection.</param>
    /// <param name="k">Neighbours for each query.</param>
    /// <param name="progress">Told how many vectors of how many were compared.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="ConsoleException">The file is missing, or holds other vectors than the collection.</exception>
    /// <exception cref="TableException">As <see cref="VectorOpener.Open"/>.</exception>
    public QuerySet Against(string path, CollectionDescription collection, int k, IProgress<(long Done, long Total)>? progress, CancellationToken stop)
    {
        MustExist(path);
        using VectorOpener file = VectorOpener.Open(path);
        if (file.Source.Rows != collection.Count || file.Source.Shape.Dimension != collection.Dimension)
        {
            throw new ConsoleException(
                $"{path} has {file.Source.Rows:N0} vectors of {file.Source.Shape.Dimension:N0} numbers, and collection '{collection.Name}' has {collection.Count:N0} of {collection.Dimension:N0}: it was not made of them.");
        }

        PlainNeighbours found = PlainSearch.Run(file.Source, collection.Metric, Vectors, k, progress, stop);
        return this with
        {
            Truth = new GroundTruth([.. found.Vectors.Select(row => Array.ConvertAll(row, static v => FormattableString.Invariant($"{v}")))], null) { Measures = found.Measures },
        };
    }

    private static List<T> Read<T>(string path, int? limit, CancellationToken stop, Func<IVectorSource, byte[], T> read, out int rows)
    {
        MustExist(path);
        using IVectorSource source = VectorFile.Open(path);
        rows = source.Rows;
        List<T> all = [];
        byte[] record = new byte[source.Shape.Bytes];
        while (all.Count < (limit ?? int.MaxValue) && source.Next(record))
        {
            stop.ThrowIfCancellationRequested();
            all.Add(read(source, record));
        }

        return all;
    }

    private static double[] Numbers(IVectorSource source, byte[] record)
    {
        double[] numbers = new double[source.Shape.Dimension];
        VectorNumbers.Read(source.Shape.Element, record, numbers);
        return numbers;
    }

    private static void MustExist(string path)
    {
        if (!File.Exists(path))
        {
            throw new ConsoleException($"The file {path} does not exist.");
        }
    }
}
