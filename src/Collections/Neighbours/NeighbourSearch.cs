using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;

namespace Trident.Collections.Neighbours;

/// <summary>
/// The exact nearest of each vector among all others. Each pair of vectors is looked at once, for both; blocks of pairs are spread over
/// the cores. u8 is reckoned in whole numbers and everything else in doubles; ties go to the lesser row. The vectors are held in memory,
/// at two bytes an element for u8 and eight otherwise, and so are the lists: time grows with N² and is reached first.
/// </summary>
internal static class NeighbourSearch
{
    private const int Block = 128;

    /// <summary>Finds them.</summary>
    /// <param name="vectors">N vectors.</param>
    /// <param name="metric">What nearest means; under cosine no vector is zero.</param>
    /// <param name="rowOf">Row of each vector; null where they are in order.</param>
    /// <param name="k">How many nearest, 1 to N − 1.</param>
    /// <param name="progress">Told how many pairs of blocks of how many are done; may be null.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="TableException">The vectors cannot be read.</exception>
    public static NearestLists Run(IVectorSource vectors, Metric metric, int[]? rowOf, int k, IProgress<(long Done, long Total)>? progress, CancellationToken ct)
    {
        RecordShape shape = vectors.Shape;
        int width = (shape.Dimension + PairKernel.Padding - 1) / PairKernel.Padding * PairKernel.Padding;
        return shape.Element == ElementKind.U8 && shape.Dimension <= PairKernel.MaxBytes
            ? Run(Load<short>(vectors, rowOf, width, (value => (short)value)), width, metric, vectors.Rows, k, Dots, progress, ct)
            : Run(Load<double>(vectors, rowOf, width, (value => value)), width, metric, vectors.Rows, k, metric == Metric.L2 ? Distances : Dots, progress, ct);
    }

    /// <summary>Fills a tile: a figure for each row of x with each row of y.</summary>
    private delegate void Tile<T>(T[] x, int rowsOfX, T[] y, int rowsOfY, int width, double[] tile);

    private static NearestLists Run<T>(
        T[][] blocks, int width, Metric metric, int rows, int k, Tile<T> tileOf, IProgress<(long Done, long Total)>? progress, CancellationToken ct)
        where T : unmanaged
    {
        NearestLists lists = new(rows, k, Block);
        bool distances = typeof(T) == typeof(double) && metric == Metric.L2;
        double[] squares = Squares(blocks, rows, width);
        long pairs = blocks.LongLength * (blocks.Length + 1) / 2, done = 0;
        object reporting = new();
        try
        {
            Parallel.For(0L, pairs, new ParallelOptions { CancellationToken = ct, MaxDegreeOfParallelism = Environment.ProcessorCount }, () => new double[Block * Block], (pair, _, tile) =>
            {
                (int i, int j) = PairOf(pair);
                int rowsOfX = Math.Min(Block, rows - i * Block), rowsOfY = Math.Min(Block, rows - j * Block);
                tileOf(blocks[i], rowsOfX, blocks[j], rowsOfY, width, tile);
                if (!distances)
                {
                    Rank(tile, squares.AsSpan(i * Block, rowsOfX), squares.AsSpan(j * Block, rowsOfY), metric);
                }

                lock (lists.Gate(i))
                {
                    Offer(lists, tile, i * Block, rowsOfX, Block, j * Block, rowsOfY, 1);
                }

                if (i != j)
                {
                    lock (lists.Gate(j))
                    {
                        Offer(lists, tile, j * Block, rowsOfY, 1, i * Block, rowsOfX, Block);
                    }
                }

                lock (reporting)
                {
                    progress?.Report((++done, pairs));
                }

                return tile;
            }, _ => { });
        }
        finally
        {
            foreach (T[] block in blocks)
            {
                CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(block.AsSpan()));
            }
        }

        return lists;
    }

    // Pair number j(j+1)/2 + i is (i, j), i ≤ j.
    private static (int I, int J) PairOf(long pair)
    {
        long j = (long)((Math.Sqrt(8.0 * pair + 1) - 1) / 2);
        j += (j + 1) * (j + 2) / 2 <= pair ? 1 : j * (j + 1) / 2 > pair ? -1 : 0;
        return ((int)(pair - j * (j + 1) / 2), (int)j);
    }

    private static void Offer(NearestLists lists, double[] tile, int first, int count, int stride, int firstOther, int others, int otherStride)
    {
        for (int a = 0; a < count; a++)
        {
            double worst = lists.Worst(first + a);
            for (int b = 0, at = a * stride; b < others; b++, at += otherStride)
            {
                if (tile[at] <= worst && first + a != firstOther + b)
                {
                    lists.Offer(first + a, tile[at], firstOther + b);
                    worst = lists.Worst(first + a);
                }
            }
        }
    }

    // The same figures as Metric.Measure: squares and products of u8 are whole, and so is what is made of them until the last step.
    private static void Rank(double[] tile, ReadOnlySpan<double> x, ReadOnlySpan<double> y, Metric metric)
    {
        for (int a = 0; a < x.Length; a++)
        {
            Span<double> row = tile.AsSpan(a * Block, y.Length);
            for (int b = 0; b < row.Length; b++)
            {
                row[b] = metric switch
                {
                    Metric.L2 => x[a] + y[b] - 2 * row[b],
                    Metric.Ip => -row[b],
                    _ => -(row[b] / Math.Sqrt(x[a] * y[b])),
                };
            }
        }
    }

    private static void Dots(short[] x, int rowsOfX, short[] y, int rowsOfY, int width, double[] tile)
    {
        // Blocks are whole, the last one filled up with zeros, so a step past its rows reads zeros and writes what nobody reads.
        Span<int> sums = stackalloc int[8];
        for (int a = 0; a < rowsOfX; a += 2)
        {
            for (int b = 0; b < rowsOfY; b += 4)
            {
                PairKernel.Dots(ref x[a * width], ref y[b * width], width, sums);
                for (int c = 0; c < 4; c++)
                {
                    tile[a * Block + b + c] = sums[c];
                    tile[(a + 1) * Block + b + c] = sums[4 + c];
                }
            }
        }
    }

    private static void Dots(double[] x, int rowsOfX, double[] y, int rowsOfY, int width, double[] tile)
    {
        for (int a = 0; a < rowsOfX; a++)
        {
            for (int b = 0; b < rowsOfY; b++)
            {
                tile[a * Block + b] = PairKernel.Dot(x.AsSpan(a * width, width), y.AsSpan(b * width, width));
            }
        }
    }

    private static void Distances(double[] x, int rowsOfX, double[] y, int rowsOfY, int width, double[] tile)
    {
        for (int a = 0; a < rowsOfX; a++)
        {
            for (int b = 0; b < rowsOfY; b++)
            {
                tile[a * Block + b] = PairKernel.Distance(x.AsSpan(a * width, width), y.AsSpan(b * width, width));
            }
        }
    }

    private static double[] Squares<T>(T[][] blocks, int rows, int width)
        where T : unmanaged
    {
        double[] squares = new double[rows];
        Parallel.For(0, rows, row =>
        {
            ReadOnlySpan<T> values = blocks[row / Block].AsSpan(row % Block * width, width);
            double sum = 0;
            if (typeof(T) == typeof(double))
            {
                ReadOnlySpan<double> doubles = MemoryMarshal.Cast<T, double>(values);
                sum = PairKernel.Dot(doubles, doubles);
            }
            else
            {
                foreach (short value in MemoryMarshal.Cast<T, short>(values))
                {
                    sum += value * value;
                }
            }

            squares[row] = sum;
        });
        return squares;
    }

    private static T[][] Load<T>(IVectorSource vectors, int[]? rowOf, int width, Func<double, T> convert)
    {
        T[][] blocks = [.. Enumerable.Range(0, (vectors.Rows + Block - 1) / Block).Select(_ => new T[Block * width])];
        byte[] record = new byte[vectors.Shape.Bytes];
        double[] values = new double[vectors.Shape.Dimension];
        vectors.Reset();
        for (int i = 0; i < vectors.Rows; i++)
        {
            if (!vectors.Next(record))
            {
                throw new TableException($"The vectors end before number {i} of {vectors.Rows:N0}. Nothing was shared; leave the file alone while it is read.");
            }

            VectorNumbers.Read(vectors.Shape.Element, record, values);
            int row = rowOf?[i] ?? i;
            Span<T> to = blocks[row / Block].AsSpan(row % Block * width);
            for (int j = 0; j < values.Length; j++)
            {
                to[j] = convert(values[j]);
            }
        }

        return blocks;
    }
}
