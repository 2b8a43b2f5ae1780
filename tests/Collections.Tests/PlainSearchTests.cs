using Trident.Collections.Neighbours;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;
using Trident.Protocol.Tests.Tables;
using Xunit;
using Xunit.Abstractions;

namespace Trident.Collections.Tests;

public sealed class PlainSearchTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(Metric.L2, 1, 1)]
    [InlineData(Metric.L2, 600, 21)]
    [InlineData(Metric.Ip, 600, 16)]
    [InlineData(Metric.Cosine, 600, 3)]
    public void TheNearestAreThoseOfTheMeasureTiesToTheFirst(Metric metric, int count, int dimension)
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        Random random = new(seed);

        // Whole numbers, so that sums are exact in whatever order and many are equally near.
        byte[][] vectors = [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, dimension).Select(_ => (byte)random.Next(1, 4)).ToArray())];
        float[][] queries = [.. Enumerable.Range(0, 9).Select(_ => Enumerable.Range(0, dimension).Select(_ => (float)random.Next(1, 4)).ToArray())];
        int k = Math.Min(12, count);
        PlainNeighbours found = PlainSearch.Run(new MemoryVectors(new RecordShape(ElementKind.U8, dimension), vectors), metric, queries, k, null, CancellationToken.None);
        for (int q = 0; q < queries.Length; q++)
        {
            double[] query = Array.ConvertAll(queries[q], x => (double)x);
            (int Row, double Measure)[] right = [.. vectors.Select((v, row) => (row, metric.Measure(Array.ConvertAll(v, x => (double)x), query)))
                .OrderBy(x => metric.Rank(x.Item2)).ThenBy(x => x.row).Take(k)];
            Assert.Equal(right.Select(r => r.Row), found.Vectors[q]);
            Assert.Equal(right.Select(r => r.Measure), found.Measures[q]);
        }
    }
}
