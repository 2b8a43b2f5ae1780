using Trident.Protocol.Collections;
using Trident.Protocol.Field;
using Trident.Protocol.Tables;
using Xunit;
using Xunit.Abstractions;

namespace Trident.Protocol.Tests.Collections;

public sealed class ScoreScaleTests(ITestOutputHelper output)
{
    public static TheoryData<Metric, ElementKind, int, double> Extremes()
    {
        TheoryData<Metric, ElementKind, int, double> data = [];
        foreach (Metric metric in Enum.GetValues<Metric>())
        {
            foreach (int dimension in (int[])[1, 2, 3, 128, 784, 5497, 5498, 65_536])
            {
                data.Add(metric, ElementKind.U8, dimension, 255);
                data.Add(metric, ElementKind.I4, dimension, int.MaxValue);
                data.Add(metric, ElementKind.I4, dimension, 1);
                data.Add(metric, ElementKind.F4, dimension, 1e-30);
                data.Add(metric, ElementKind.F8, dimension, 1e50);
            }
        }

        return data;
    }

    // The worst there is: data and query as long as allowed, parallel or opposed, with every element rounded the same way; dense and in one axis.
    [Theory]
    [MemberData(nameof(Extremes))]
    public void NoScoreLeavesTheField(Metric metric, ElementKind element, int dimension, double magnitude)
    {
        double[][] vectors = [Filled(dimension, magnitude), Filled(dimension, -magnitude), OneAxis(dimension, magnitude * Math.Sqrt(dimension))];
        if (element is ElementKind.U8 or ElementKind.I4)
        {
            vectors[2] = OneAxis(dimension, magnitude);
        }

        ScoreScale scale = ScoreScale.For(metric, element, dimension, vectors.Max(Norm));
        uint[] column = new uint[scale.Rows(dimension)];
        foreach (double[] vector in vectors)
        {
            scale.Column(vector, column);
            foreach (double[] like in vectors)
            {
                foreach (double times in (double[])[1e-9, 0.01, 1 / 3.0, 1, 1 + 1e-9, 2, 7.3, 50, 1e4])
                {
                    double[] query = [.. like.Select(x => x * times)];
                    ScoreQuery encoded;
                    try
                    {
                        encoded = scale.Encode(query);
                    }
                    catch (QueryVectorException)
                    {
                        // Refusing is right only of what is longer than any vector.
                        Assert.True(times > 1 && metric == Metric.L2, $"refused {times} times");
                        continue;
                    }

                    long score = Whole(encoded.Words, column);
                    Assert.InRange(score, -ScoreScale.Limit, ScoreScale.Limit);
                    double cosine = metric == Metric.Cosine ? Norm(vector) : 1;
                    double meant = metric == Metric.L2 ? Dot(vector, vector) - 2 * Dot(vector, query) : -Dot(vector, query) / cosine;
                    double error = Math.Abs(score - encoded.Factor * meant);
                    Assert.True(error <= encoded.Error + 1e-6 * Math.Abs(score) + 1e-3, $"off by {error}, at most {encoded.Error} was said ({times} times)");
                }
            }
        }
    }

    [Theory]
    [InlineData(Metric.L2)]
    [InlineData(Metric.Ip)]
    public void WholeNumbersScoreExactly(Metric metric)
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        foreach (int dimension in (int[])[1, 16, 128, 784, 3072])
        {
            double[] Vector() => [.. Enumerable.Range(0, dimension).Select(_ => (double)random.Next(256))];
            ScoreScale scale = ScoreScale.For(metric, ElementKind.U8, dimension, 255 * Math.Sqrt(dimension));
            Assert.True(scale.Whole);
            double[] query = Vector();
            ScoreQuery encoded = scale.Encode(query);
            Assert.Equal((0.0, 1.0), (encoded.Error, encoded.Factor));
            uint[] column = new uint[scale.Rows(dimension)];
            for (int i = 0; i < 20; i++)
            {
                double[] vector = Vector();
                scale.Column(vector, column);
                ulong sum = 0;
                for (int j = 0; j < column.Length; j++)
                {
                    sum = (sum + (ulong)column[j] * encoded.Words[j]) % Mersenne31.P;
                }

                double expected = metric == Metric.L2 ? Dot(vector, vector) - 2 * Dot(vector, query) : -Dot(vector, query);
                Assert.Equal(expected, ScoreScale.Score((uint)sum));
            }
        }
    }

    [Fact]
    public void AWholeQueryThatIsTooLongForItIsScoredCoarselyUnderIpAndSaysSo()
    {
        ScoreScale scale = ScoreScale.For(Metric.Ip, ElementKind.U8, 2, 300);
        Assert.True(scale.Whole);
        ScoreQuery longest = scale.Encode([ScoreScale.Limit / 300 - 1, 0]), longer = scale.Encode([ScoreScale.Limit / 300 + 1, 0]);
        Assert.Equal((0.0, 1.0), (longest.Error, longest.Factor));
        Assert.True(longer.Error > 0 && longer.Factor < 1, $"error {longer.Error}, factor {longer.Factor}");
    }

    [Fact]
    public void TheLargestWholeDimensionIsTheOneThatIsSaid()
    {
        Assert.True(ScoreScale.For(Metric.L2, ElementKind.U8, 5497, 255 * Math.Sqrt(5497)).Whole);
        Assert.False(ScoreScale.For(Metric.L2, ElementKind.U8, 5498, 255 * Math.Sqrt(5498)).Whole);
    }

    [Fact]
    public void ScoresAreSignedResidues()
    {
        Assert.Equal([0, 1, ScoreScale.Limit, -ScoreScale.Limit, -1],
            new uint[] { 0, 1, ScoreScale.Limit, ScoreScale.Limit + 1u, Mersenne31.P - 1 }.Select(ScoreScale.Score));
    }

    [Fact]
    public void QueriesThatCannotBeScoredAreRefused()
    {
        ScoreScale cosine = ScoreScale.For(Metric.Cosine, ElementKind.F4, 3, 0);
        Assert.Contains("zero", Assert.Throws<QueryVectorException>(() => cosine.Encode([0, 0, 0])).Message);
        Assert.Contains("not finite", Assert.Throws<QueryVectorException>(() => cosine.Encode([1, double.NaN, 0])).Message);
        ScoreScale l2 = ScoreScale.For(Metric.L2, ElementKind.F4, 3, 1);
        Assert.Contains("same units", Assert.Throws<QueryVectorException>(() => l2.Encode([1000, 0, 0])).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => ScoreScale.For(Metric.L2, ElementKind.F8, 3, 1e-100));
    }

    private static long Whole(uint[] words, uint[] column) => words.Zip(column, (w, c) => (long)ScoreScale.Score(w) * ScoreScale.Score(c)).Sum();

    private static double[] Filled(int dimension, double value) => [.. Enumerable.Repeat(value, dimension)];

    private static double[] OneAxis(int dimension, double value)
    {
        double[] vector = new double[dimension];
        vector[dimension / 2] = value;
        return vector;
    }

    private static double Dot(double[] x, double[] y) => x.Zip(y, (a, b) => a * b).Sum();

    private static double Norm(double[] x) => Math.Sqrt(Dot(x, x));
}
