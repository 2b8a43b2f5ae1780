using Trident.Console.Measuring;
using Trident.Protocol.Tables;
using Xunit;

namespace Trident.Console.Tests;

public sealed class GeneratedVectorsTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("trident-console-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("37x5xu8", ElementKind.U8)]
    [InlineData("2500x1xf4", ElementKind.F4)]
    [InlineData("3x512xf4", ElementKind.F4)]
    public void FilesHoldWhatWasAskedFor(string text, ElementKind element)
    {
        string[] parts = text.Split('x');
        (int rows, RecordShape shape) = (int.Parse(parts[0]), new RecordShape(element, int.Parse(parts[1])));
        long reported = -1;
        GeneratedVectors.Parse(text).Write(Path.Combine(_root, "a.npy"), seed: 5, (done, total) => (reported, rows) = (done, (int)total), default);
        Assert.InRange(reported, 0, rows);

        using IVectorSource source = VectorFile.Open(Path.Combine(_root, "a.npy"));
        Assert.Equal((rows, shape), (source.Rows, source.Shape));
        byte[] record = new byte[shape.Bytes];
        HashSet<float> values = [];
        while (source.Next(record))
        {
            for (int i = 0; i < shape.Dimension; i++)
            {
                values.Add(element == ElementKind.U8 ? record[i] : BitConverter.ToSingle(record, 4 * i));
            }
        }

        Assert.True(values.Count > 50, "the values hardly differ");
        Assert.All(values, v => Assert.True(element == ElementKind.U8 || v is >= -1 and <= 1));
        Assert.Equal(element == ElementKind.F4, values.Min() < 0);
    }

    [Fact]
    public void TheSeedDecides()
    {
        GeneratedVectors vectors = new(50, new RecordShape(ElementKind.F4, 7));
        byte[][] files = [.. new[] { 1, 1, 2 }.Select((seed, i) =>
        {
            string path = Path.Combine(_root, FormattableString.Invariant($"{i}.npy"));
            vectors.Write(path, seed, null, default);
            return File.ReadAllBytes(path);
        })];
        Assert.Equal(files[0], files[1]);
        Assert.NotEqual(files[0], files[2]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("100x512")]
    [InlineData("100x512xf8")]
    [InlineData("100X512Xf4")]
    [InlineData("-1x5xu8")]
    [InlineData("99999999999x5xu8")]
    [InlineData("67108865x1xu8")]
    [InlineData("0x1xu8")]
    [InlineData("1x0xu8")]
    [InlineData("60000000x1000xf4")]
    [InlineData("5x5xu8\n")]
    public void ShapesThatNoTableHasAreRefused(string text) => Assert.Throws<FormatException>(() => GeneratedVectors.Parse(text));

    [Fact]
    public void TheFirstRowsAreTheFirstRows()
    {
        string path = Path.Combine(_root, "a.npy");
        new GeneratedVectors(20, new RecordShape(ElementKind.U8, 6)).Write(path, 9, null, default);
        using FirstRows few = new(VectorFile.Open(path), 7, path);
        PlainTable all = PlainTable.Read(path, default), first = PlainTable.Read(few, path, default), again = PlainTable.Read(few, path, default);
        Assert.Equal((7, 7), (first.Rows, again.Rows));
        byte[] record = new byte[6];
        few.Reset();
        for (int row = 0; row < 7; row++)
        {
            Assert.True(few.Next(record));
            Assert.True(all.IsRight(row, record) && first.IsRight(row, record) && again.IsRight(row, record));
        }

        Assert.False(few.Next(record));
    }
}
