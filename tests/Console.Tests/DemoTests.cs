using Trident.Console.Demo;
using Trident.Protocol.Tables;
using Xunit;

namespace Trident.Console.Tests;

public class DemoTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(10_000)]
    public void TwoRowsAreDifferentWhereTheTableHasTwo(int rows)
    {
        for (int seed = 0; seed < 200; seed++)
        {
            (int first, int second) = ServerView.TwoRows(rows, seed);
            Assert.InRange(first, 0, rows - 1);
            Assert.InRange(second, 0, rows - 1);
            Assert.True(rows == 1 || first != second, $"seed {seed}");
        }
    }

    [Fact]
    public void TheSameQuestionLooksDifferentAndStillSelects()
    {
        ServerView one = ServerView.Of(10_000, 1234), again = ServerView.Of(10_000, 1234), other = ServerView.Of(10_000, 9_999);
        Assert.All([one, again, other], v => Assert.True(v.Selected));
        Assert.NotEqual(one.Key, again.Key);
        Assert.NotEqual(one.Share, again.Share);
        Assert.Equal(one.Key.Length, other.Key.Length);

        // Binomial with 10,000 draws: 0.1 is twenty standard deviations.
        Assert.All([one, again, other], v => Assert.InRange(v.UpperHalf, 0.4, 0.6));
    }

    [Fact]
    public void GeneratedVectorsAreAReadableFile()
    {
        string directory = Directory.CreateTempSubdirectory("trident-console-").FullName;
        try
        {
            DemoVectors vectors = DemoVectors.Generate(directory);
            using IVectorSource source = VectorFile.Open(vectors.Path);
            Assert.Equal((10_000, new RecordShape(ElementKind.F4, 128)), (source.Rows, source.Shape));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
