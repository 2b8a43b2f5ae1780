using PureHDF;
using Trident.Console.Searching;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;
using Xunit;

namespace Trident.Console.Tests;

/// <summary>Queries and true neighbours out of ann-benchmarks files, and by comparing in the clear.</summary>
public sealed class QuerySetTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("trident-console-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData(null, 3)]
    [InlineData(2, 2)]
    [InlineData(9, 3)]
    public void AnHdf5FileBringsQueriesNeighboursDistancesAndMetric(int? limit, int expected)
    {
        QuerySet set = QuerySet.FromHdf5(Hdf5("angular", new[,] { { 4, 5 }, { 6, 7 }, { 8, 9 } }, new[,] { { 0.5f, 1 }, { 0.25f, 2 }, { 0, 3 } }), limit);
        Assert.Equal(Metric.Cosine, set.Metric);
        Assert.Equal(((float[][])[[1, 2], [3, 4], [5, 6]])[..expected], set.Vectors);
        Assert.Equal(((string[][])[["4", "5"], ["6", "7"], ["8", "9"]])[..expected], set.Truth!.Ids);
        Assert.Equal(((float[][])[[0.5f, 1], [0.25f, 2], [0, 3]])[..expected], set.Truth.Distances!);
    }

    [Fact]
    public void WithoutNeighboursThereIsNoTruthAndWithoutDistancesIdsDecide()
    {
        QuerySet none = QuerySet.FromHdf5(Hdf5(null, null, null), null);
        Assert.Null(none.Truth);
        Assert.Null(none.Metric);
        QuerySet ids = QuerySet.FromHdf5(Hdf5("euclidean", new[,] { { 4 }, { 6 }, { 8 } }, null), null);
        Assert.Null(ids.Truth!.Distances);
        Assert.Equal(Metric.L2, ids.Metric);
    }

    [Fact]
    public void PartsThatDoNotFitTogetherAreRefusedWhenRead()
    {
        Refused("'neighbors' has 2 for each query, and 'distances' 1", Hdf5("euclidean", new[,] { { 4, 5 }, { 6, 7 }, { 8, 9 } }, new[,] { { 0.5f }, { 1 }, { 2 } }));
        Refused("'test' has 3 rows", Hdf5("euclidean", new[,] { { 4, 5 } }, null));
        Refused("'test' has 3 rows", Hdf5("euclidean", new[,] { { 4 }, { 6 }, { 8 } }, new[,] { { 0.5f } }));
        Refused("no dataset 'test'", Hdf5("euclidean", null, null, test: false));

        static void Refused(string message, string path) =>
            Assert.Contains(message, Assert.Throws<ConsoleException>(() => QuerySet.FromHdf5(path, null)).Message);
    }

    [Theory]
    [InlineData(Metric.L2, "0", "1")]
    [InlineData(Metric.Ip, "2", "1")]
    [InlineData(Metric.Cosine, "2", "0")]
    public void ComparingInTheClearFindsTheTrueNeighbours(Metric metric, params string[] expected)
    {
        string vectors = Ivecs("v.ivecs", [[1, 1], [5, 1], [9, 9]]), queries = Ivecs("q.ivecs", [[2, 2]]);
        QuerySet set = QuerySet.FromVectors(queries, null, null, CancellationToken.None).Against(vectors, Collection(metric, 3, 2), 2, null, CancellationToken.None);

        // Under cosine two of them lie in the query's direction, and which comes first may be a matter of rounding.
        string[] found = set.Truth!.Ids[0];
        Assert.Equal(expected, metric == Metric.Cosine ? [.. found.OrderDescending()] : found);
        double[] figures = metric switch { Metric.L2 => [Math.Sqrt(2), Math.Sqrt(10)], Metric.Ip => [36, 12], _ => [1, 1] };
        Assert.Equal(figures, set.Truth.Measures![0], (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Fact]
    public void OtherVectorsThanTheCollectionsAreRefused()
    {
        string vectors = Ivecs("v.ivecs", [[1, 1], [5, 1]]);
        QuerySet set = QuerySet.FromVectors(Ivecs("q.ivecs", [[2, 2]]), null, null, CancellationToken.None);
        foreach (CollectionDescription other in new[] { Collection(Metric.L2, 3, 2), Collection(Metric.L2, 2, 3) })
        {
            Assert.Contains("was not made of them", Assert.Throws<ConsoleException>(() => set.Against(vectors, other, 1, null, CancellationToken.None)).Message);
        }
    }

    private static CollectionDescription Collection(Metric metric, int count, int dimension) => new(
        "c", count, ScoreScale.For(metric, ElementKind.I4, dimension, 20), new RecordLayout(new RecordShape(ElementKind.I4, dimension), IdKind.Row, 0, PayloadKind.None, 0, 1),
        Guid.NewGuid(), Guid.NewGuid(), null, 0);

    private string Hdf5(string? metric, int[,]? neighbours, float[,]? distances, bool test = true)
    {
        H5File file = new() { ["train"] = new float[,] { { 1, 2 }, { 3, 4 } } };
        if (metric is not null)
        {
            file.Attributes["distance"] = metric;
        }

        if (test)
        {
            file["test"] = new float[,] { { 1, 2 }, { 3, 4 }, { 5, 6 } };
        }

        if (neighbours is not null)
        {
            file["neighbors"] = neighbours;
        }

        if (distances is not null)
        {
            file["distances"] = distances;
        }

        string path = Path.Combine(_root, $"{Guid.NewGuid():N}.hdf5");
        file.Write(path);
        return path;
    }

    private string Ivecs(string name, int[][] rows)
    {
        string path = Path.Combine(_root, name);
        using BinaryWriter writer = new(File.Create(path));
        foreach (int[] row in rows)
        {
            writer.Write(row.Length);
            Array.ForEach(row, writer.Write);
        }

        return path;
    }
}
