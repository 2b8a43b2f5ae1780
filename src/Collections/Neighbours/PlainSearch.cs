using System.Security.Cryptography;
using System.Runtime.InteropServices;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;

namespace Trident.Collections.Neighbours;

/// <summary>
/// The exact nearest vectors of queries, by comparing with every vector in the clear: what private answers are measured by. Reckoned in
/// doubles, ties to the vector that comes first. Vectors are read in blocks, so that memory depends on the queries alone.
/// </summary>
public static class PlainSearch
{
    // With 784 elements 1.6 MB: it stays in a core's cache while the queries pass over it.
    private const int Block = 256;

    /// <summary>Finds them.</summary>
    /// <param name="vectors">N vectors, read from the first on; not disposed.</param>
    /// <param name="metric">What nearest means; under cosine neither a vector nor a query is zero.</param>
    /// <param name="queries">Queries of as many numbers as the vectors have.</param>
    /// <param name="k">How many nearest, 1 to N.</param>
    /// <param name="progress">Told how many vectors of how many were compared; may be null.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="TableException">The vectors cannot be read.</exception>
    public static PlainNeighbours Run(
        IVectorSource vectors, Metric metric, IReadOnlyList<float[]> queries, int k, IProgress<(long Done, long Total)>? progress, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        ArgumentNullException.ThrowIfNull(queries);
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, vectors.Rows);
        int dimension = vectors.Shape.Dimension, width = (dimension + PairKernel.Padding - 1) / PairKernel.Padding * PairKernel.Padding;
        double[][] asked = [.. queries.Select(query => Padded(query, dimension, width))];
        double[] squares = [.. asked.Select(query => PairKernel.Dot(query, query))];
        NearestLists lists = new(asked.Length, k, block: 1);
        double[] block = new double[Block * width], blockSquares = new double[Block];
        byte[] record = new byte[vectors.Shape.Bytes];
        ParallelOptions options = new() { CancellationToken = ct, MaxDegreeOfParallelism = Environment.ProcessorCount };
        try
        {
            vectors.Reset();
            for (int first = 0; first < vectors.Rows; first += Block)
            {
                int count = Math.Min(Block, vectors.Rows - first);
                for (int i = 0; i < count; i++)
                {
                    if (!vectors.Next(record))
                    {
                        throw new TableException($"The vectors end before number {first + i} of {vectors.Rows:N0}. Leave the file alone while it is read.");
                    }

                    Span<double> row = block.AsSpan(i * width, width);
                    VectorNumbers.Read(vectors.Shape.Element, record, row[..dimension]);
                    blockSquares[i] = PairKernel.Dot(row, row);
                }

                Parallel.For(0, asked.Length, options, q =>
                {
                    for (int i = 0; i < count; i++)
                    {
                        lists.Offer(q, Rank(metric, block.AsSpan(i * width, width), asked[q], blockSquares[i] * squares[q]), first + i);
                    }
                });
                progress?.Report((first + count, vectors.Rows));
            }

            return new PlainNeighbours(
                [.. Enumerable.Range(0, asked.Length).Select(q => lists.Of(q).ToArray())],
                [.. Enumerable.Range(0, asked.Length).Select(q => Array.ConvertAll(lists.RanksOf(q).ToArray(), rank => metric == Metric.L2 ? Math.Sqrt(rank) : -rank))]);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(record);
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(block.AsSpan()));
            Array.ForEach(asked, Array.Clear);
        }
    }

    private static double Rank(Metric metric, ReadOnlySpan<double> x, ReadOnlySpan<double> query, double squares) => metric switch
    {
        Metric.L2 => PairKernel.Distance(x, query),
        Metric.Ip => -PairKernel.Dot(x, query),
        _ => -(PairKernel.Dot(x, query) / Math.Sqrt(squares)),
    };

    private static double[] Padded(float[] query, int dimension, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(query.Length, dimension);
        double[] padded = new double[width];
        for (int i = 0; i < query.Length; i++)
        {
            padded[i] = query[i];
        }

        return padded;
    }
}

/// <summary>What <see cref="PlainSearch"/> found.</summary>
/// <param name="Vectors">For each query the numbers of its nearest vectors in their file, nearest first.</param>
/// <param name="Measures">Their distances or similarities, as <see cref="MetricExtensions.Measure"/> has them.</param>
public sealed record PlainNeighbours(int[][] Vectors, double[][] Measures);
