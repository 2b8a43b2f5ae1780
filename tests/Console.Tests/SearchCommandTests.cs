using SkiaSharp;
using Trident.Client;
using Trident.Console.Demo;
using Trident.Console.Searching;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;
using Xunit;

namespace Trident.Console.Tests;

public sealed class SearchCommandTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("trident-console-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("give --query-file or --hdf5", "--collection", "c")]
    [InlineData("not both", "--collection", "c", "--query-file", "a", "--hdf5", "b")]
    [InlineData("--groundtruth goes with --query-file", "--collection", "c", "--hdf5", "b", "--groundtruth", "t")]
    [InlineData("--groundtruth or --against, not both", "--collection", "c", "--query-file", "a", "--groundtruth", "t", "--against", "v")]
    [InlineData("--k 0 is out of range", "--collection", "c", "--query-file", "a", "--k", "0")]
    [InlineData("--k 1001 is out of range", "--collection", "c", "--query-file", "a", "--k", "1001")]
    [InlineData("--concurrency 0 is out of range", "--collection", "c", "--query-file", "a", "--concurrency", "0")]
    [InlineData("--collection", "--query-file", "a")]
    public async Task WrongUsageIsExplained(string message, params string[] options)
    {
        (int code, string error) = await RunAsync(["search", _root, .. options]);
        Assert.Equal(2, code);
        Assert.Contains(message, error);
    }

    [Fact]
    public async Task FilesThatDoNotFitAreExplainedBeforeAnythingIsAsked()
    {
        string queries = Write("q.ivecs", [[1, 2], [3, 4]]), truth = Write("t.ivecs", [[1, 2, 3]]), one = Write("one.ivecs", [[1], [2]]);
        await Fails("does not exist", "--query-file", Path.Combine(_root, "none.fvecs"));
        await Fails("does not exist", "--hdf5", Path.Combine(_root, "none.hdf5"));
        await Fails("neighbours of 1 queries", "--query-file", queries, "--groundtruth", truth);
        await Fails("has 1 neighbours for a query, and --k is 10", "--query-file", queries, "--groundtruth", one);

        async Task Fails(string message, params string[] options)
        {
            (int code, string error) = await RunAsync(["search", _root, "--collection", "c", .. options]);
            Assert.Equal(1, code);
            Assert.Contains(message, error);
        }
    }

    [Fact]
    public void QueriesAreReadAsFarAsTheLimit()
    {
        string queries = Write("q.ivecs", [[1, 2], [3, 4], [5, 6]]), truth = Write("t.ivecs", [[7, 8], [9, 10], [11, 12]]);
        QuerySet set = QuerySet.FromVectors(queries, truth, 2, CancellationToken.None);
        Assert.Equal([[1f, 2f], [3f, 4f]], set.Vectors);
        Assert.Equal([["7", "8"], ["9", "10"]], set.Truth!.Ids);
    }

    [Fact]
    public void RecallIsByIdsOrByDistances()
    {
        SearchHit[] hits = [Hit("a", 1), Hit("b", 2), Hit("x", 3), Hit("c", 4)];
        Assert.Equal(0.75, new GroundTruth([["c", "b", "a", "d", "x"]], null).Recall(0, hits, Metric.L2, 4));
        Assert.Equal(1, new GroundTruth([["y"]], null).Recall(0, [Hit("y", 0)], Metric.L2, 1));

        // Another vector as far as the third of the truth counts; one farther does not.
        Assert.Equal(1, new GroundTruth([["a", "b", "z"]], [[1, 2, 3]]).Recall(0, hits, Metric.L2, 3));
        Assert.Equal(0.75, new GroundTruth([["a", "b", "z", "w"]], [[1, 2, 3, 3.5f]]).Recall(0, hits, Metric.L2, 4));
        Assert.Equal(0.5, new GroundTruth([["a", "b"]], [[0.1f, 0.2f]]).Recall(0, [Hit("q", 0.9), Hit("r", 0.7)], Metric.Cosine, 2));
    }

    [Fact]
    public void ThePictureHasItsSizeAndAFrameOfItsColourAroundEachHit()
    {
        GreyImage image = new([.. Enumerable.Range(0, 784).Select(i => (byte)i)], 28, 28);
        PictureHit[] hits = [.. Enumerable.Range(0, 5).Select(i => new PictureHit(image, $"label {i}", 100 * i, Right: i != 3))];
        PictureModel model = new("A title", "Below it", [.. Enumerable.Repeat(new PictureRow(image, "label 1", hits), 6)],
            [new PictureSight("One", image, "secret", GreyImage.OfWords(new uint[1250]), "seen", "Some words about it that need more than one line to be said.")], ["recall@5: 24 of 30"]);
        using SKBitmap png = SKBitmap.Decode(NeighbourPicture.Png(model));
        Assert.Equal(NeighbourPicture.Size(model), (png.Width, png.Height));
        for (int x = 0; x < png.Width; x++)
        {
            Assert.Equal(SKColors.White, png.GetPixel(x, 0));
            Assert.Equal(SKColors.White, png.GetPixel(x, png.Height - 1));
        }

        // Frames lie around the tiles: beside the middle of each side stands the frame's colour, and beyond it the background.
        for (int row = 0; row < 6; row++)
        {
            for (int i = 0; i < 5; i++)
            {
                SKRectI tile = NeighbourPicture.HitTile(row, i);
                SKColor colour = hits[i].Right ? NeighbourPicture.Right : NeighbourPicture.Wrong;
                int inside = NeighbourPicture.Frame * NeighbourPicture.Scale / 2, beyond = NeighbourPicture.Frame * NeighbourPicture.Scale + 2;
                foreach ((int distance, SKColor expected) in new[] { (inside, colour), (beyond, SKColors.White) })
                {
                    Assert.Equal(expected, png.GetPixel(tile.Left - distance, tile.MidY));
                    Assert.Equal(expected, png.GetPixel(tile.Right + distance, tile.MidY));
                    Assert.Equal(expected, png.GetPixel(tile.MidX, tile.Top - distance));
                    Assert.Equal(expected, png.GetPixel(tile.MidX, tile.Bottom + distance));
                }
            }
        }
    }

    [Fact]
    public void WordsBecomeTheShadesOfTheirUpperBits()
    {
        GreyImage image = GreyImage.OfWords([0, 1u << 30, 0x7ffffffe, 1u << 23, (1u << 23) - 1]);
        Assert.Equal((3, 2), (image.Width, image.Height));
        Assert.Equal([0, 128, 255, 1, 0, 0xdd], image.Pixels);
    }

    [Fact]
    public void ThePictureTakesTheNextFreeName()
    {
        Assert.Equal("trident-demo.png", Path.GetFileName(DemoSearch.Free(_root)));
        File.WriteAllText(Path.Combine(_root, "trident-demo.png"), "not ours");
        File.WriteAllText(Path.Combine(_root, "trident-demo-2.png"), "not ours");
        Assert.Equal("trident-demo-3.png", Path.GetFileName(DemoSearch.Free(_root)));
    }

    [Fact]
    public void TheDemoTakesItsQuestionsOut()
    {
        DemoCollection demo = DemoCollection.Make(_root, DemoVectors.Generate(_root), seed: 5, CancellationToken.None);
        Assert.Equal((6, 9_994), (demo.Questions.Count, demo.Plain.Count));
        Assert.Empty(demo.Questions.Select(q => q.Id).Intersect(demo.Plain.Select(p => p.Id)));
        Assert.Equal(demo.Plain.Select(p => p.Id), File.ReadAllLines(demo.Ids));
        Assert.Equal(demo.Plain[7].Id, demo.Nearest(demo.Plain[7], 1)[0]);
    }

    private static SearchHit Hit(string id, double score) => new(id, 0, score, null, Array.Empty<byte>(), ElementKind.U8);

    private static async Task<(int Code, string Error)> RunAsync(params string[] args)
    {
        StringWriter output = new(), error = new();
        int code = await TridentCommandLine.RunAsync(args, output, error);
        return (code, error.ToString());
    }

    private string Write(string name, int[][] rows)
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
