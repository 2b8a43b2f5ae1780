using Trident.Protocol.Tables;
using Xunit;
using Xunit.Abstractions;

namespace Trident.Protocol.Tests.Tables;

public class VectorFileTests(ITestOutputHelper output)
{
    private readonly int _seed = Random.Shared.Next();

    public static TheoryData<string, ElementKind, string> Npy()
    {
        var data = new TheoryData<string, ElementKind, string>();
        foreach ((string descr, ElementKind kind) in new[]
        {
            ("|u1", ElementKind.U8), ("<i4", ElementKind.I4), ("<f4", ElementKind.F4), ("<f8", ElementKind.F8),
            (">i4", ElementKind.I4), (">f4", ElementKind.F4), (">f8", ElementKind.F8),
        })
        {
            foreach (string variant in new[] { "C", "Fortran", "C v2", "Fortran v3", "C gz" })
            {
                data.Add(descr, kind, variant);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Npy))]
    public void Npy_is_read(string descr, ElementKind kind, string variant)
    {
        Random random = Seeded();
        using var scratch = new Scratch();
        byte[][] records = Formats.Numbers(random, kind, 7, 23);
        int size = RecordShape.SizeOf(kind);
        bool fortran = variant.StartsWith('F');
        byte[] data = fortran ? Formats.Columns(records, size) : Formats.Concat(records);
        data = descr[0] == '>' ? Formats.Swap(data, size) : data;
        byte[] file = Formats.Npy(descr, fortran, "23, 7", data, variant.Contains('v') ? variant[^1] - '0' : 1);
        string path = variant.EndsWith("gz") ? scratch.Write("a.npy.gz", Formats.Gzip(file)) : scratch.Write("a.npy", file);
        ExpectTwice(path, new RecordShape(kind, 7), records);
    }

    [Fact]
    public void Fortran_order_is_read_in_several_blocks()
    {
        // 65,000 records of 100 bytes are 6.5 MB: a whole block, and one that is not.
        Random random = Seeded();
        using var scratch = new Scratch();
        byte[][] records = Formats.Numbers(random, ElementKind.U8, 100, 65_000);
        string path = scratch.Write("a.npy", Formats.Npy("|u1", true, "65000, 100", Formats.Columns(records, 1)));
        ExpectTwice(path, new RecordShape(ElementKind.U8, 100), records);
    }

    [Theory]
    [InlineData(".fvecs", ElementKind.F4)]
    [InlineData(".bvecs", ElementKind.U8)]
    [InlineData(".ivecs", ElementKind.I4)]
    [InlineData(".fvecs.gz", ElementKind.F4)]
    public void Texmex_is_read(string suffix, ElementKind kind)
    {
        using var scratch = new Scratch();
        byte[][] records = Formats.Numbers(Seeded(), kind, 13, 31);
        byte[] file = Formats.Texmex(records, RecordShape.SizeOf(kind));
        string path = scratch.Write("a" + suffix, suffix.EndsWith("gz") ? Formats.Gzip(file) : file);
        ExpectTwice(path, new RecordShape(kind, 13), records);
    }

    [Theory]
    [InlineData(0x08, ElementKind.U8)]
    [InlineData(0x0C, ElementKind.I4)]
    [InlineData(0x0D, ElementKind.F4)]
    [InlineData(0x0E, ElementKind.F8)]
    public void Idx_is_read(byte type, ElementKind kind)
    {
        using var scratch = new Scratch();
        byte[][] records = Formats.Numbers(Seeded(), kind, 6, 11);
        byte[] file = Formats.Idx(type, [11, 2, 3], Formats.Swap(Formats.Concat(records), RecordShape.SizeOf(kind)));
        var shape = new RecordShape(kind, 6);
        ExpectTwice(scratch.Write("train-images-idx3-ubyte", file), shape, records);
        ExpectTwice(scratch.Write("train-images.idx3-ubyte.gz", Formats.Gzip(file)), shape, records);
        ExpectTwice(scratch.Write("a.idx", file), shape, records);
    }

    [Fact]
    public void Idx_labels_have_one_element()
    {
        using var scratch = new Scratch();
        ExpectTwice(scratch.Write("labels-idx1-ubyte", Formats.Idx(8, [3], [7, 2, 1])), new RecordShape(ElementKind.U8, 1), [[7], [2], [1]]);
    }

    [Fact]
    public void Singles_that_are_bytes_become_bytes()
    {
        using var scratch = new Scratch();
        ExpectTwice(
            scratch.Write("a.fvecs", Formats.Fvecs([0, 1, 255], [3, 128, 216])),
            new RecordShape(ElementKind.U8, 3), [[0, 1, 255], [3, 128, 216]]);
    }

    [Theory]
    [InlineData(256f)]
    [InlineData(-1f)]
    [InlineData(0.5f)]
    [InlineData(-0f)]
    [InlineData(float.PositiveInfinity)]
    public void One_single_that_is_no_byte_keeps_all_as_singles(float odd)
    {
        using var scratch = new Scratch();
        float[][] records = [[0, 1, 255], [3, odd, 216]];
        ExpectTwice(
            scratch.Write("a.fvecs", Formats.Fvecs(records)),
            new RecordShape(ElementKind.F4, 3), [.. records.Select(Formats.Bytes)]);
    }

    [Fact]
    public void A_buffer_of_another_size_is_refused()
    {
        using var scratch = new Scratch();
        using IVectorSource source = VectorFile.Open(scratch.Write("a.fvecs", Formats.Fvecs([0, 1, 255])));
        Assert.Throws<ArgumentException>(() => source.Next(new byte[4]));
    }

    private void ExpectTwice(string path, RecordShape shape, byte[][] records)
    {
        using IVectorSource source = VectorFile.Open(path);
        Assert.Equal(shape, source.Shape);
        Assert.Equal(records.Length, source.Rows);
        byte[][] first = Formats.ReadAll(source);
        source.Reset();
        byte[][] second = Formats.ReadAll(source);
        Assert.True(Same(records, first), $"first reading differs, seed {_seed}");
        Assert.True(Same(records, second), $"second reading differs, seed {_seed}");
    }

    private static bool Same(byte[][] a, byte[][] b) => a.Length == b.Length && a.Zip(b).All(p => p.First.AsSpan().SequenceEqual(p.Second));

    private Random Seeded()
    {
        output.WriteLine($"seed {_seed}");
        return new Random(_seed);
    }
}
