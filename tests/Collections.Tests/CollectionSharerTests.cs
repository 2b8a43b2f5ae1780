using System.Text;
using Trident.Collections.Files;
using Trident.Protocol.Collections;
using Trident.Protocol.Field;
using Trident.Protocol.Tables;
using Trident.Protocol.Tests.Tables;
using Xunit;
using Xunit.Abstractions;

namespace Trident.Collections.Tests;

public sealed class CollectionSharerTests : IDisposable
{
    private readonly SharedWorld _world = new();
    private readonly Random _random;

    public CollectionSharerTests(ITestOutputHelper output)
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        _random = new Random(seed);
    }

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData(Metric.L2, 1 << 28)]
    [InlineData(Metric.L2, 900)]
    [InlineData(Metric.Ip, 900)]
    [InlineData(Metric.Cosine, 900)]
    public void TablesHoldWhatWasGivenInTheOrderOfTheIds(Metric metric, long memory)
    {
        const int count = 101, dimension = 7;
        byte[][] vectors = MemoryVectors.RandomRecords(_random, new RecordShape(ElementKind.U8, dimension), count);
        long[] ids = [.. Enumerable.Range(0, count).Select(i => (i - 50) * 1_000_000_007L)];
        _random.Shuffle(ids);
        string[] payloads = [.. ids.Select(id => $"{{\"of\":{id}}}")];
        SharedCollection shared = _world.Share(
            _world.Scratch.Write("v.bvecs", Formats.Texmex(vectors, 1)),
            new CollectionShareOptions
            {
                Metric = metric,
                Ids = Lines("ids.txt", ids.Select(id => id.ToString())),
                Payload = Lines("p.jsonl", payloads),
                Neighbours = 6,
                PassMemory = memory,
            });

        CollectionDescription description = Assert.Single(_world.Scratch.Layout.Collections());
        Assert.Equal(shared.Description, description);
        Assert.Equal((count, dimension, metric, IdKind.Integer, PayloadKind.Json, metric != Metric.Cosine),
            (description.Count, description.Dimension, description.Metric, description.Layout.Ids, description.Layout.Payloads, description.Scale.Whole));
        int[] order = [.. Enumerable.Range(0, count).OrderBy(i => ids[i])];
        RecordLayout layout = description.Layout;
        byte[][] records = [.. _world.Records("c.records").SelectMany(row => row.Chunk(layout.RecordBytes))];
        Assert.Equal(layout.Rows(count) * layout.PerRow, records.Length);
        byte[][] lists = _world.Records("c.neighbours");
        uint[][] scores = _world.Open("c.scores");
        double[] query = [.. Enumerable.Range(0, dimension).Select(_ => (double)_random.Next(1, 256))];
        ScoreQuery encoded = description.Scale.Encode(query);
        for (int row = 0; row < count; row++)
        {
            int at = order[row];
            Assert.Equal(vectors[at], layout.VectorOf(records[row]).ToArray());
            Assert.Equal((ids[at].ToString(), payloads[at]), (layout.IdOf(records[row], row), layout.PayloadOf(records[row])));

            ulong sum = 0;
            for (int j = 0; j < scores.Length; j++)
            {
                sum = (sum + (ulong)scores[j][row] * encoded.Words[j]) % Mersenne31.P;
            }

            double[] x = Doubles(vectors[at]);
            double dot = x.Zip(query, (a, b) => a * b).Sum(), square = x.Sum(a => a * a);
            double meant = metric == Metric.L2 ? square - 2 * dot : metric == Metric.Ip ? -dot : -dot / Math.Sqrt(square);
            Assert.True(Math.Abs(ScoreScale.Score((uint)sum) - encoded.Factor * meant) <= encoded.Error + 1e-3);

            string[] nearest = [.. Enumerable.Range(0, count).Where(other => other != at)
                .OrderBy(other => metric.Rank(metric.Measure(Doubles(vectors[other]), x))).ThenBy(other => ids[other]).Take(6).Select(other => ids[other].ToString())];
            Assert.Equal(nearest, layout.NeighboursOf(lists[row]));
        }
    }

    [Fact]
    public void TextIdsAreInTheOrderOfTheirBytes()
    {
        string[] ids = ["b", "é", "a", "aa", "007"];
        _world.Share(Vectors(5), new CollectionShareOptions { Ids = Lines("ids", ids) });
        RecordLayout layout = _world.Scratch.Layout.Collections()[0].Layout;
        Assert.Equal(["007", "a", "aa", "b", "é"],
            _world.Records("c.records").SelectMany(row => row.Chunk(layout.RecordBytes)).Take(5).Select(record => layout.IdOf(record, 0)));
    }

    [Theory]
    [InlineData("ids", "1\n2\n3", "has 3 ids, the vectors are 5")]
    [InlineData("ids", "1\n2\n\n4\n5", "line 3 is blank")]
    [InlineData("ids", "a\nb\nc\nb\ne", "'b' is in line 2 and again in line 4")]
    [InlineData("ids", "7\n8\n9\n7\n1", "'7' is in line 1 and again in line 4")]
    [InlineData("payload.jsonl", "1\n2\n{\n4\n5", "line 3 is no JSON")]
    [InlineData("payload.txt", "1\n2\n3\n4\n5\n6", "has 6 lines, the vectors are 5")]
    [InlineData("missing", null, "does not exist")]
    [InlineData("ids.npy", "rubbish", "is not an .npy file")]
    public void WhatDoesNotFitIsToldOfAndNothingIsLeft(string name, string? text, string message)
    {
        string vectors = Vectors(5), file = _world.Scratch.File(name);
        if (text is not null)
        {
            File.WriteAllText(file, text);
        }

        CollectionShareOptions options = name.StartsWith("payload", StringComparison.Ordinal) ? new() { Payload = file } : new() { Ids = file };
        Assert.Contains(message, Assert.Throws<TableException>(() => _world.Share(vectors, options)).Message);
        Assert.Empty(_world.Scratch.Snapshot());
    }

    [Theory]
    [InlineData(Metric.L2, float.PositiveInfinity, "element 1")]
    [InlineData(Metric.Cosine, 0f, "Vector 2 is zero")]
    [InlineData(Metric.L2, 1e12f, "times as long as the median")]
    public void VectorsThatCannotBeScoredAreRefused(Metric metric, float value, string message)
    {
        float[][] vectors = [.. Enumerable.Range(0, 60).Select(_ => new[] { _random.NextSingle(), _random.NextSingle(), _random.NextSingle() })];
        vectors[2] = [0, value, 0];
        string file = _world.Scratch.Write("v.fvecs", Formats.Fvecs(vectors));
        Assert.Contains(message, Assert.Throws<TableException>(() => _world.Share(file, new CollectionShareOptions { Metric = metric })).Message);
        Assert.Empty(_world.Scratch.Snapshot());
    }

    [Theory]
    [InlineData(1e80, "Vector 2 has the length")]
    [InlineData(1e-80, "too short to have a direction")]
    public void LengthsWhoseSquaresCannotBeMultipliedAreRefusedUnderCosine(double value, string message)
    {
        double[] numbers = [.. Enumerable.Range(0, 60).SelectMany(i => i == 2 ? new[] { value, 0, 0 } : [_random.NextDouble(), 1, 1])];
        string file = _world.Scratch.Write("v.npy", Formats.Npy("<f8", false, "60, 3", [.. numbers.SelectMany(BitConverter.GetBytes)]));
        string refusal = Assert.Throws<TableException>(() => _world.Share(file, new CollectionShareOptions { Metric = Metric.Cosine, Neighbours = 3 })).Message;
        Assert.Contains("Vector 2", refusal);
        Assert.Contains(message, refusal);
        Assert.Empty(_world.Scratch.Snapshot());
    }

    [Theory]
    [InlineData(9e59)]
    [InlineData(1.1e-60)]
    public void NeighboursUnderCosineAreRightUpToTheLengthsThatAreAllowed(double length)
    {
        // Directions a degree apart; every other vector is very long or very short.
        double[][] vectors = [.. Enumerable.Range(0, 30).Select(i => (double[])[Math.Cos(i * Math.PI / 180), Math.Sin(i * Math.PI / 180)])];
        byte[] data = [.. vectors.SelectMany((v, i) => v.Select(x => x * (i % 2 == 0 ? length : 1))).SelectMany(BitConverter.GetBytes)];
        _world.Share(_world.Scratch.Write("v.npy", Formats.Npy("<f8", false, "30, 2", data)), new CollectionShareOptions { Metric = Metric.Cosine, Neighbours = 1 });
        RecordLayout layout = _world.Scratch.Layout.Collections()[0].Layout;
        byte[][] lists = _world.Records("c.neighbours");
        Assert.All(Enumerable.Range(0, 30), row => Assert.Equal(1, Math.Abs(int.Parse(layout.NeighboursOf(lists[row])[0]) - row)));
    }

    [Fact]
    public void ACollectionIsReplacedOnlyWhenTold()
    {
        string vectors = Vectors(20);
        _world.Share(vectors, new CollectionShareOptions { Neighbours = 3 });
        string[] before = _world.Scratch.Snapshot();
        Assert.Contains("--replace", Assert.Throws<TableException>(() => _world.Share(vectors, new CollectionShareOptions())).Message);
        Assert.Equal(before, _world.Scratch.Snapshot());

        _world.Share(vectors, new CollectionShareOptions { Replace = true });
        Assert.Equal(["c.records", "c.scores"], _world.Scratch.Layout.Tables().Select(table => table.Name));
        Assert.Equal(6, _world.Scratch.Snapshot().Count(line => line.Contains(".share")));
    }

    [Theory]
    [InlineData("reading vectors")]
    [InlineData("sharing scores")]
    [InlineData("sharing records")]
    [InlineData("finding neighbours")]
    [InlineData("sharing neighbours")]
    public void WhatIsStoppedAtAnyStepLeavesTheDeploymentAsItWas(string step)
    {
        string vectors = Vectors(300);
        CollectionShareOptions options = new() { Neighbours = 3, Replace = true };
        for (int round = 0; round < 2; round++)
        {
            string[] before = _world.Scratch.Snapshot();
            using CancellationTokenSource stop = new();
            Assert.ThrowsAny<OperationCanceledException>(() => _world.Share(vectors, options, progress: new At(step, stop.Cancel), ct: stop.Token));
            Assert.Equal(before, _world.Scratch.Snapshot());
            _world.Share(vectors, options);
        }
    }

    [SharedDataFact]
    public void NeighboursOfSiftAreTheTrueOnes()
    {
        string file = Path.Combine(SharedDataFactAttribute.Find()!, "data", "sift10k", "base.fvecs");
        _world.Share(file, new CollectionShareOptions { Neighbours = 10 });
        using IVectorSource source = VectorFile.Open(file);
        int[][] vectors = [.. Formats.ReadAll(source).Select(record => Array.ConvertAll(record, value => (int)value))];
        RecordLayout layout = _world.Scratch.Layout.Collections()[0].Layout;
        byte[][] lists = _world.Records("c.neighbours");
        Assert.All(Enumerable.Range(0, 25).Select(_ => _random.Next(vectors.Length)), row => Assert.Equal(
            Enumerable.Range(0, vectors.Length).Where(other => other != row)
                .OrderBy(other => vectors[other].Zip(vectors[row], (a, b) => (a - b) * (a - b)).Sum()).ThenBy(other => other).Take(10).Select(other => other.ToString()),
            layout.NeighboursOf(lists[row])));
    }

    [Theory]
    [InlineData(Metric.L2)]
    [InlineData(Metric.Ip)]
    [InlineData(Metric.Cosine)]
    public void NeighboursOfSinglesWithTiesAreTheTrueOnes(Metric metric)
    {
        // Few values on a grid, so that many distances are equal and sums are exact in whatever order.
        float[][] vectors = [.. Enumerable.Range(0, 300).Select(_ => Enumerable.Range(0, 3).Select(_ => _random.Next(1, 4) + 0.5f).ToArray())];
        _world.Share(_world.Scratch.Write("v.fvecs", Formats.Fvecs(vectors)), new CollectionShareOptions { Metric = metric, Neighbours = 20 });
        RecordLayout layout = _world.Scratch.Layout.Collections()[0].Layout;
        byte[][] lists = _world.Records("c.neighbours");
        double[][] doubles = [.. vectors.Select(vector => Array.ConvertAll(vector, value => (double)value))];
        for (int row = 0; row < vectors.Length; row++)
        {
            Assert.Equal(
                Enumerable.Range(0, vectors.Length).Where(other => other != row)
                    .OrderBy(other => metric.Rank(metric.Measure(doubles[other], doubles[row]))).ThenBy(other => other).Take(20).Select(other => other.ToString()),
                layout.NeighboursOf(lists[row]));
        }
    }

    private static double[] Doubles(byte[] vector) => Array.ConvertAll(vector, value => (double)value);

    private string Vectors(int count) =>
        _world.Scratch.Write("v.bvecs", Formats.Texmex(MemoryVectors.RandomRecords(_random, new RecordShape(ElementKind.U8, 4), count), 1));

    private string Lines(string name, IEnumerable<string> lines) =>
        _world.Scratch.Write(name, Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n"));

    private sealed class At(string step, Action act) : IProgress<CollectionProgress>
    {
        public void Report(CollectionProgress value)
        {
            if (value.Step == step)
            {
                act();
            }
        }
    }
}
