using Trident.Protocol.Collections;
using Trident.Protocol.Tables;

namespace Trident.Collections.Import;

/// <summary>What one pass over the vectors finds out: whether they can be scored, the longest of them, and a sample.</summary>
/// <param name="MaxNorm">The largest ‖x‖.</param>
/// <param name="MedianNorm">The median ‖x‖ of the sample.</param>
/// <param name="Sample">The records of the sampled vectors, in the order of the collection's rows.</param>
internal sealed record VectorSurvey(double MaxNorm, double MedianNorm, byte[][] Sample)
{
    private const int MostSampled = 50_000;
    private const long SampleMemory = 128L << 20;

    /// <summary>Reads all vectors.</summary>
    /// <param name="vectors">The vectors, read from the first on.</param>
    /// <param name="metric">By which they are to be scored.</param>
    /// <param name="rowOf">Row of each vector; null where they are in order.</param>
    /// <param name="random">Draws the sample.</param>
    /// <param name="progress">Told how many of how many are done; may be null.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="TableException">A vector that cannot be scored; the message names it.</exception>
    public static VectorSurvey Of(
        IVectorSource vectors, Metric metric, int[]? rowOf, Random random, IProgress<(long Done, long Total)>? progress, CancellationToken ct)
    {
        int rows = vectors.Rows;
        int wanted = (int)Math.Min(Math.Min(rows, MostSampled), Math.Max(2, SampleMemory / vectors.Shape.Bytes));
        List<(int Row, byte[] Record, double Norm)> sample = new(wanted);
        byte[] record = new byte[vectors.Shape.Bytes];
        double[] values = new double[vectors.Shape.Dimension];
        double max = 0;
        vectors.Reset();
        for (int i = 0; i < rows; i++)
        {
            if (i % 4096 == 0)
            {
                ct.ThrowIfCancellationRequested();
                progress?.Report((i, rows));
            }

            if (!vectors.Next(record))
            {
                throw new TableException($"The vectors end before number {i} of {rows:N0}. Nothing was shared; leave the file alone while it is read.");
            }

            VectorNumbers.Read(vectors.Shape.Element, record, values);
            double norm = Norm(values, i, metric);
            max = Math.Max(max, norm);

            // Selection sampling (Knuth, Algorithm S): each subset of that size is as likely as any other.
            if (random.NextDouble() * (rows - i) < wanted - sample.Count)
            {
                sample.Add((rowOf?[i] ?? i, [.. record], norm));
            }
        }

        progress?.Report((rows, rows));
        double[] norms = [.. sample.Select(one => one.Norm).Order()];
        return new VectorSurvey(max, norms[norms.Length / 2], [.. sample.OrderBy(one => one.Row).Select(one => one.Record)]);
    }

    private static double Norm(double[] values, int number, Metric metric)
    {
        double square = 0;
        for (int i = 0; i < values.Length; i++)
        {
            square += values[i] * values[i];
        }

        double norm = Math.Sqrt(square);
        if (!double.IsFinite(norm))
        {
            int at = Array.FindIndex(values, value => !double.IsFinite(value));
            throw new TableException(at >= 0
                ? $"Vector {number} has {values[at]} as its element {at}, to which there is no distance. Remove the vector or repair it."
                : $"Vector {number} is too long to have a length. Scale the vectors.");
        }

        if (metric == Metric.Cosine && norm == 0)
        {
            throw new TableException($"Vector {number} is zero, and has no direction for cosine to compare. Remove it, or use another metric.");
        }

        if (metric == Metric.Cosine && norm < 1 / ScoreScale.MaxLength)
        {
            throw new TableException($"Vector {number} has the length {norm:G3}, which is too short to have a direction; {1 / ScoreScale.MaxLength:G3} is the least. Scale the vectors.");
        }

        // Cosine, too, multiplies squares of lengths.
        if (norm > ScoreScale.MaxLength)
        {
            throw new TableException($"Vector {number} has the length {norm:G3}; scores reach to {ScoreScale.MaxLength:G3}. Scale the vectors.");
        }

        return norm;
    }
}
