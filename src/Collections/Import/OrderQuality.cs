using System.Globalization;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;

namespace Trident.Collections.Import;

/// <summary>How well the order of the scores keeps the order of the true distances, measured on a sample of the collection's own vectors.</summary>
/// <param name="Recall">Of the nearest by the score, the share that are among the truly nearest; 0 to 1.</param>
/// <param name="At">How many nearest were compared: 10, or half of a small sample.</param>
/// <param name="Queries">Vectors that were queries.</param>
/// <param name="Rows">Vectors that were searched in, the query itself left out.</param>
public sealed record OrderQuality(double Recall, int At, int Queries, int Rows)
{
    /// <summary>A collection whose scores keep the order less well than this is refused.</summary>
    public const double Least = 0.95;

    private const int MostQueries = 64;
    private const int UsualAt = 10;

    /// <summary>For people: "recall@10 of the order 0.9993 on 64 queries × 50,000 rows".</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"recall@{At} of the order {Recall:0.0000} on {Queries} queries × {Rows:N0} rows");

    /// <summary>Measures, with the encoding that data and queries get. Null where there are too few vectors for an order.</summary>
    /// <param name="scale">How they are scored.</param>
    /// <param name="element">What the elements are.</param>
    /// <param name="sample">Records, in the order that breaks ties.</param>
    /// <param name="random">Draws the queries.</param>
    /// <param name="ct">Stops it.</param>
    internal static OrderQuality? Measure(ScoreScale scale, ElementKind element, byte[][] sample, Random random, CancellationToken ct)
    {
        int at = Math.Min(UsualAt, sample.Length / 2);
        if (at == 0)
        {
            return null;
        }

        int dimension = sample[0].Length / RecordShape.SizeOf(element);
        int[] chosen = random.GetItems([.. Enumerable.Range(0, sample.Length)], sample.Length);
        chosen = [.. chosen.Distinct().Take(MostQueries)];
        double[][] queries = [.. chosen.Select(row => Values(element, sample[row], dimension))];
        int[][] words = [.. queries.Select(query => Array.ConvertAll(scale.Encode(query).Words, ScoreScale.Score))];
        double[][] truth = Grid<double>(chosen.Length, sample.Length);
        int[][] scores = Grid<int>(chosen.Length, sample.Length);

        ParallelOptions options = new() { CancellationToken = ct, MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.For(0, sample.Length, options, () => (new double[dimension], new uint[scale.Rows(dimension)]), (row, _, buffers) =>
        {
            (double[] values, uint[] column) = buffers;
            VectorNumbers.Read(element, sample[row], values);
            scale.Column(values, column);
            for (int q = 0; q < queries.Length; q++)
            {
                truth[q][row] = scale.Metric.Rank(scale.Metric.Measure(values, queries[q]));
                scores[q][row] = Product(words[q], column);
            }

            return buffers;
        }, _ => { });

        int right = 0;
        Parallel.For(0, queries.Length, options, q =>
        {
            int[] others = [.. Enumerable.Range(0, sample.Length).Where(row => row != chosen[q])];
            double[] distances = [.. others.Select(row => truth[q][row])];
            Array.Sort(distances);

            // Whatever is as near as the last of the nearest is right; the margin is a double's rounding.
            double farthest = distances[at - 1] + Math.Abs(distances[at - 1]) * 1e-12;
            int[] keys = [.. others.Select(row => scores[q][row])];
            Array.Sort(keys, others, Comparer<int>.Default);
            int last = keys[at - 1];
            int[] best = [.. others.Where((_, i) => keys[i] <= last).OrderBy(row => scores[q][row]).ThenBy(row => row).Take(at)];
            Interlocked.Add(ref right, best.Count(row => truth[q][row] <= farthest));
        });
        return new OrderQuality(right / (double)(queries.Length * at), at, queries.Length, sample.Length - 1);
    }

    // The whole sum, not its residue: where it left the field's range the scale would be wrong, and the order nonsense.
    private static int Product(int[] words, uint[] column)
    {
        long sum = 0;
        for (int i = 0; i < words.Length; i++)
        {
            sum += (long)words[i] * ScoreScale.Score(column[i]);
        }

        return Math.Abs(sum) <= ScoreScale.Limit
            ? (int)sum
            : throw new InvalidOperationException("A score is larger than its scale allows: a defect of the scale.");
    }

    private static double[] Values(ElementKind element, byte[] record, int dimension)
    {
        double[] values = new double[dimension];
        VectorNumbers.Read(element, record, values);
        return values;
    }

    private static T[][] Grid<T>(int rows, int columns) => [.. Enumerable.Range(0, rows).Select(_ => new T[columns])];
}
