using PureHDF;
using PureHDF.Filters;
using PureHDF.VOL.Native;
using Trident.Collections.Files;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;
using Trident.Protocol.Tests.Tables;
using Xunit;

namespace Trident.Collections.Tests;

public sealed class Hdf5Tests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnAnnBenchmarksFileIsRead(bool chunked)
    {
        string path = Write(chunked, "angular", 0.25f);
        using AnnBenchmarkFile file = AnnBenchmarkFile.Open(path);
        Assert.Equal(Metric.Cosine, file.Metric);
        using IVectorSource train = file.OpenTrain();
        Assert.Equal((50, new RecordShape(ElementKind.F4, 3)), (train.Rows, train.Shape));
        byte[][] records = Formats.ReadAll(train);
        Assert.Equal(Enumerable.Range(0, 50).Select(i => Formats.Bytes([i + 0.25f, i * 2, -i])), records);
        Assert.Equal([[1, 2, 3], [4, 5, 6]], file.Test);
        Assert.Equal([[7, 8], [9, 10]], file.Neighbors!);
        Assert.Equal([[0.5f, 1.5f], [2.5f, 3.5f]], file.Distances!);
    }

    [Fact]
    public void CutShortDamagedOrOtherFilesAreToldOf()
    {
        byte[] whole = File.ReadAllBytes(Write(true, "euclidean", 0));
        Assert.Contains("cut short", Refusal(whole[..^100]));
        Assert.Contains("cut short", Refusal(whole[..30]));
        Assert.Contains("not an HDF5 file", Refusal("some text that is long enough to have a superblock in it, but has none"u8.ToArray()));
        Assert.Contains("not an HDF5 file", Refusal([]));

        // Any damage is either harmless or told of as a TableException: nothing else comes out.
        for (int at = 8; at < whole.Length; at += 7)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 0xff;
            try
            {
                ReadAll(_scratch.Write("damaged.hdf5", damaged));
            }
            catch (TableException e)
            {
                Assert.Contains("damaged.hdf5", e.Message);
            }
        }
    }

    [Theory]
    [InlineData(0, 40)]
    [InlineData(1, 44)]
    public void AFileOfAnOlderVersionThatIsCutShortIsFound(byte version, int end)
    {
        // Only as much of a superblock as is looked at: the end of the file stands four bytes later in version 1.
        byte[] file = new byte[200];
        byte[] head = [0x89, (byte)'H', (byte)'D', (byte)'F', (byte)'\r', (byte)'\n', 0x1a, (byte)'\n', version, 0, 0, 0, 0, 8, 8];
        head.CopyTo(file, 0);
        BitConverter.TryWriteBytes(file.AsSpan(end), 201L);
        Assert.Contains("cut short", Refusal(file));
        BitConverter.TryWriteBytes(file.AsSpan(end), 200L);
        Assert.DoesNotContain("cut short", Refusal(file));
        Assert.Contains("cut short", Refusal(file[..(end + 7)]));
    }

    private static void ReadAll(string path)
    {
        using VectorOpener file = VectorOpener.Open(path);
        Formats.ReadAll(file.Source);
    }

    private string Refusal(byte[] bytes) => Assert.Throws<TableException>(() => ReadAll(_scratch.Write("bad.hdf5", bytes))).Message;

    private string Write(bool chunked, string distance, float offset)
    {
        float[,] train = new float[50, 3];
        for (int i = 0; i < 50; i++)
        {
            (train[i, 0], train[i, 1], train[i, 2]) = (i + offset, i * 2, -i);
        }

        H5File file = new()
        {
            Attributes = { ["distance"] = distance },
            ["train"] = chunked
                ? new H5Dataset(train, chunks: [8, 3], datasetCreation: new H5DatasetCreation(Filters: [DeflateFilter.Id]))
                : new H5Dataset(train),
            ["test"] = new float[,] { { 1, 2, 3 }, { 4, 5, 6 } },
            ["neighbors"] = new[,] { { 7, 8 }, { 9, 10 } },
            ["distances"] = new[,] { { 0.5f, 1.5f }, { 2.5f, 3.5f } },
        };
        string path = _scratch.File($"{Guid.NewGuid():N}.hdf5");
        file.Write(path);
        return path;
    }
}
