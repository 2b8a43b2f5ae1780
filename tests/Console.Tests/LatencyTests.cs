using CsCheck;
using Trident.Console.Measuring;
using Xunit;
using Xunit.Abstractions;

namespace Trident.Console.Tests;

public class LatencyTests(ITestOutputHelper output)
{
    [Fact]
    public void PercentilesAreByNearestRank()
    {
        double[] hundred = [.. Enumerable.Range(1, 100).Select(i => (double)i)];
        Assert.Equal(50, LatencySummary.Percentile(hundred, 50));
        Assert.Equal(95, LatencySummary.Percentile(hundred, 95));
        Assert.Equal(99, LatencySummary.Percentile(hundred, 99));
        Assert.Equal(100, LatencySummary.Percentile(hundred, 100));
        Assert.Equal(1, LatencySummary.Percentile(hundred, 1));

        // 0.95 · 20 is 19 exactly; in floating point its ceiling may be 20.
        double[] twenty = [.. Enumerable.Range(1, 20).Select(i => (double)i)];
        Assert.Equal(19, LatencySummary.Percentile(twenty, 95));
        Assert.Equal(20, LatencySummary.Percentile(twenty, 99));
        Assert.Equal(2, LatencySummary.Percentile([1, 2, 3], 50));
        Assert.Equal(7, LatencySummary.Percentile([7], 1));
    }

    [Fact]
    public void SummaryTakesAnyOrder()
    {
        LatencySummary summary = LatencySummary.Of([4, 1, 3, 2]);
        Assert.Equal(new LatencySummary(2.5, 2, 4, 4), summary);
        Assert.Equal(new LatencySummary(0, 0, 0, 0), LatencySummary.Of([]));
    }

    [Fact]
    public void PercentileIsTheSmallestValueThatEnoughDoNotExceed() =>
        Gen.Select(Gen.Double[0, 1000].Array[1, 200], Gen.Int[1, 100]).Sample(
            (values, percent) =>
            {
                Array.Sort(values);
                double p = LatencySummary.Percentile(values, percent);
                Assert.True(values.Count(v => v <= p) * 100 >= percent * values.Length);
                Assert.True(values.Count(v => v < p) * 100 < percent * values.Length);
            },
            writeLine: output.WriteLine);

    [Fact]
    public void EmptyAndBadPercentilesAreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => LatencySummary.Percentile([], 50));
        Assert.Throws<ArgumentOutOfRangeException>(() => LatencySummary.Percentile([1.0], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => LatencySummary.Percentile([1.0], 101));
    }
}
