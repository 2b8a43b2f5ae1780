namespace Trident.Console.Measuring;

/// <summary>Latencies of one run in milliseconds. Percentiles are by nearest rank: each is a latency that was measured.</summary>
public sealed record LatencySummary(double Mean, double P50, double P95, double P99)
{
    /// <summary>Summarises measured latencies in milliseconds, in any order; all zero when there are none.</summary>
    public static LatencySummary Of(IEnumerable<double> milliseconds)
    {
        double[] sorted = [.. milliseconds];
        if (sorted.Length == 0)
        {
            return new LatencySummary(0, 0, 0, 0);
        }

        Array.Sort(sorted);
        return new LatencySummary(sorted.Average(), Percentile(sorted, 50), Percentile(sorted, 95), Percentile(sorted, 99));
    }

    /// <summary>The smallest value that at least <paramref name="percent"/> of 100 of the values do not exceed.</summary>
    /// <param name="sorted">Values in rising order, at least one.</param>
    /// <param name="percent">1 to 100.</param>
    public static double Percentile(ReadOnlySpan<double> sorted, int percent)
    {
        ArgumentOutOfRangeException.ThrowIfZero(sorted.Length);
        ArgumentOutOfRangeException.ThrowIfLessThan(percent, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(percent, 100);

        // Whole numbers, because 0.95 · 20 in floating point may round up past its rank.
        long rank = (percent * (long)sorted.Length + 99) / 100;
        return sorted[(int)rank - 1];
    }
}
