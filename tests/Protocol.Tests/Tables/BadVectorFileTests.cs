using Trident.Protocol.Tables;
using Xunit;

namespace Trident.Protocol.Tests.Tables;

/// <summary>Each kind of bad file is refused with a message of its own.</summary>
public class BadVectorFileTests
{
    private static readonly byte[] Good = Formats.Fvecs([1, 2.5f, 3], [4, 5, 6], [7, 8, 9]);

    [Theory]
    [InlineData("a.fvecs")]
    [InlineData("a.npy")]
    [InlineData("a.idx")]
    [InlineData("a.fvecs.gz")]
    public void Empty(string name) => Refused(name, [], "is empty", "at least one record");

    [Fact]
    public void Empty_within_gzip() => Refused("a.fvecs.gz", Formats.Gzip([]), "is empty");

    [Fact]
    public void Differing_dimensions() =>
        Refused("a.fvecs", Formats.Fvecs([1, 2, 3], [1, 2, 3], [1, 2, 3, 4], [1, 2, 3]), "record 2 has 4 elements", "record 0 has 3");

    [Fact]
    public void Differing_dimension_in_a_short_last_record() =>
        Refused("a.fvecs", Formats.Fvecs([1, 2, 3], [1, 2]), "record 1 has 2 elements", "record 0 has 3");

    [Fact]
    public void NaN_in_fvecs() => Refused("a.fvecs", Formats.Fvecs([1, 2, 3], [1, 2, float.NaN]), "record 1 has NaN as its element 2");

    [Fact]
    public void NaN_in_npy() => Refused(
        "a.npy", Formats.Npy("<f8", false, "1, 2", [.. BitConverter.GetBytes(1.0), .. BitConverter.GetBytes(double.NaN)]), "record 0 has NaN as its element 1");

    [Fact]
    public void NaN_in_fortran_order() => Refused(
        "a.npy", Formats.Npy("<f4", true, "2, 1", Formats.Bytes([1f, float.NaN])), "record 1 has NaN as its element 0");

    [Fact]
    public void NaN_in_idx() => Refused(
        "a.idx", Formats.Idx(0x0D, [1, 2], Formats.Swap(Formats.Bytes([float.NaN, 1]), 4)), "record 0 has NaN as its element 0");

    [Fact]
    public void Texmex_cut_anywhere()
    {
        for (int length = 1; length < Good.Length; length++)
        {
            if (length % 16 != 0)
            {
                Refused("a.fvecs", Good[..length], $"cut short within record {length / 16}");
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    [InlineData(65_537)]
    [InlineData(int.MaxValue)]
    public void Impossible_dimension(int dimension) =>
        Refused("a.bvecs", [.. BitConverter.GetBytes(dimension), 1, 2, 3], $"record 0 says that it has {dimension} elements");

    [Fact]
    public void Npy_cut_anywhere()
    {
        byte[] data = [.. Enumerable.Range(0, 24).Select(i => (byte)i)];
        foreach (bool fortran in new[] { false, true })
        {
            byte[] whole = Formats.Npy("<i4", fortran, "3, 2", data);
            for (int length = 1; length < whole.Length; length++)
            {
                Refused("a.npy", whole[..length], "cut short", length < whole.Length - 24 ? "npy header" : "record");
            }
        }
    }

    [Fact]
    public void Fortran_order_cut_short_names_the_record() => Refused(
        "a.npy", Formats.Npy("<i4", true, "3, 2", new byte[20]), "cut short", "record 2 is not whole");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Npy_that_goes_on(bool fortran) => Refused("a.npy", Formats.Npy("|u1", fortran, "3, 2", new byte[7]), "goes on after the 3 records");

    [Theory]
    [InlineData("<f2")]
    [InlineData("<i8")]
    [InlineData("|b1")]
    [InlineData("<c8")]
    [InlineData("|O")]
    public void Npy_of_an_unsupported_dtype(string descr) =>
        Refused("a.npy", Formats.Npy(descr, false, "1, 1", new byte[16]), $"dtype '{descr}', which is unsupported", "astype");

    [Theory]
    [InlineData("5,")]
    [InlineData("")]
    [InlineData("2, 3, 4")]
    [InlineData("-1, 4")]
    public void Npy_of_an_unsuitable_shape(string shape) => Refused("a.npy", Formats.Npy("|u1", false, shape, new byte[24]), "two dimensions");

    [Theory]
    [InlineData("0, 4")]
    [InlineData("4, 0")]
    public void Npy_without_elements(string shape) => Refused("a.npy", Formats.Npy("|u1", false, shape, []), "holds no elements");

    [Theory]
    [InlineData("67108865, 1", "67,108,865 records")]
    [InlineData("1, 65537", "65,537 elements")]
    [InlineData("18446744073709551615, 2", "records")]
    public void Npy_that_is_too_large(string shape, string part) => Refused("a.npy", Formats.Npy("|u1", false, shape, new byte[9]), part, "at most");

    [Fact]
    public void Structured_npy() => Refused(
        "a.npy", Formats.Npy("x', 'y", false, "1, 1", new byte[4]).Select(b => b == (byte)':' ? (byte)';' : b).ToArray(), "no plain element type");

    [Fact]
    public void Not_an_npy() => Refused("a.npy", new byte[64], "is not an npy file");

    [Fact]
    public void Npy_of_the_future() => Refused("a.npy", Formats.Npy("|u1", false, "1, 1", [1], major: 9), "format version 9");

    [Fact]
    public void Fortran_order_in_gzip() =>
        Refused("a.npy.gz", Formats.Gzip(Formats.Npy("|u1", true, "2, 2", new byte[4])), "Fortran order", "Decompress");

    [Fact]
    public void Idx_cut_short() => Refused("a.idx", Formats.Idx(8, [3, 2], new byte[5]), "cut short within record 2");

    [Fact]
    public void Idx_header_cut_short() => Refused("a.idx", Formats.Idx(8, [3, 2], [])[..9], "cut short within its idx header");

    [Fact]
    public void Idx_that_goes_on() => Refused("a.idx", Formats.Idx(8, [3, 2], new byte[8]), "goes on after the 3 records");

    [Fact]
    public void Idx_of_an_unsupported_type() => Refused("a.idx", Formats.Idx(0x0B, [1, 1], new byte[2]), "idx type 0x0B, which is unsupported");

    [Fact]
    public void Idx_whose_dimensions_overflow() => Refused("a.idx", Formats.Idx(8, [1, 65536, 65536, 65536, 65536], [1]), "a record has at most");

    [Fact]
    public void Not_an_idx() => Refused("a.idx", [1, 2, 3, 4, 5], "is not an idx file");

    [Fact]
    public void Gzip_cut_short()
    {
        byte[] whole = Formats.Gzip(Formats.Idx(8, [3000, 2], [.. Enumerable.Range(0, 6000).Select(i => (byte)(i * i * 31 >> 3))]));
        Assert.Contains("a.idx.gz", Refused("a.idx.gz", whole[..(whole.Length / 2)]));
    }

    [Fact]
    public void Not_gzip() => Refused("a.idx.gz", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], "cannot be decompressed");

    [Fact]
    public void Unknown_format() => Refused("a.csv", [1], "no known format", ".fvecs");

    [Fact]
    public void No_such_file()
    {
        using var scratch = new Scratch();
        Assert.Contains("There is no file", Assert.Throws<TableException>(() => VectorFile.Open(scratch.File("a.npy"))).Message);
    }

    [Fact]
    public void A_directory()
    {
        using var scratch = new Scratch();
        Directory.CreateDirectory(scratch.File("a.npy"));
        Assert.Contains("is a directory", Assert.Throws<TableException>(() => VectorFile.Open(scratch.File("a.npy"))).Message);
    }

    [Fact]
    public void A_file_that_shrinks_between_passes()
    {
        using var scratch = new Scratch();
        string path = scratch.Write("a.fvecs", Good);
        using IVectorSource source = VectorFile.Open(path);
        File.Delete(path);
        File.WriteAllBytes(path, Good[..20]);
        source.Reset();
        var e = Assert.Throws<TableException>(() => Formats.ReadAll(source));
        Assert.Contains("cut short within record 1", e.Message);
    }

    private static string Refused(string name, byte[] contents, params string[] parts)
    {
        using var scratch = new Scratch();
        string path = scratch.Write(name, contents);
        var e = Assert.Throws<TableException>(() => VectorFile.Open(path).Dispose());
        Assert.All([path, .. parts], part => Assert.Contains(part, e.Message));
        return e.Message;
    }
}
