using Trident.Protocol.Tables;
using Xunit;
using Xunit.Abstractions;

namespace Trident.Protocol.Tests.Tables;

public class ShareFileTests(ITestOutputHelper output)
{
    private static readonly RecordShape Shape = new(ElementKind.U8, 11);

    private readonly Guid _deployment = Guid.NewGuid();
    private readonly int _seed = Random.Shared.Next();

    [Fact]
    public void A_good_file_is_opened()
    {
        using var scratch = new Scratch();
        TableDescription table = Share(scratch);
        for (int party = 1; party <= 3; party++)
        {
            using ShareFile file = ShareFile.Open(scratch.Layout.ShareFile(party, "t", table.Version), party, true, _deployment);
            Assert.Equal(table, file.Description);
            Assert.Equal(party, file.Party);
            Assert.Equal(_deployment, file.Deployment);
            Assert.Equal(table.Rows * table.Words, file.Matrix.Length);
            Assert.True(file.Rows(3, 2).SequenceEqual(file.Matrix.Slice(3 * table.Words, 2 * table.Words)));
            Assert.True(file.Rows(table.Rows, 0).IsEmpty);
            Assert.Throws<ArgumentOutOfRangeException>(() => file.Rows(table.Rows, 1).Length);
            Assert.Throws<ArgumentOutOfRangeException>(() => file.Rows(-1, 1).Length);
            Assert.Throws<ArgumentOutOfRangeException>(() => file.Rows(0, -1).Length);
            file.Dispose();
            Assert.Throws<ObjectDisposedException>(() => file.Matrix.Length);
        }
    }

    [Fact]
    public void The_matrix_is_the_second_page_of_the_file_in_little_endian()
    {
        using var scratch = new Scratch();
        string path = OneShare(scratch);
        byte[] bytes = File.ReadAllBytes(path);
        using ShareFile file = ShareFile.Open(path, 1);
        for (int i = 0; i < file.Matrix.Length; i++)
        {
            Assert.Equal(BitConverter.ToUInt32(bytes, 4096 + 4 * i), file.Matrix[i]);
        }

        Assert.Equal(4096 + 4 * file.Matrix.Length, bytes.Length);
        unsafe
        {
            fixed (uint* start = file.Matrix)
            {
                Assert.Equal(0, (nint)start % Environment.SystemPageSize % 4096);
            }
        }
    }

    [Fact]
    public void Only_its_owner_may_read_it()
    {
        using var scratch = new Scratch();
        string path = OneShare(scratch);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
                File.GetUnixFileMode(scratch.Layout.PartyDirectory(1)));
        }
    }

    [Fact]
    public void Cut_short_anywhere()
    {
        using var scratch = new Scratch();
        byte[] whole = File.ReadAllBytes(OneShare(scratch));
        foreach (int length in Enumerable.Range(1, 200).Concat([4095, 4096, 4097, whole.Length - 1]))
        {
            string message = Refused(scratch, whole[..length]);
            Assert.Contains("is cut short", message);
            Assert.Equal(length < 4096, message.Contains("within its header"));
        }

        Assert.Contains("is empty", Refused(scratch, []));
        Assert.Contains("cut short", Refused(scratch, whole[..^1], verify: false));
    }

    [Fact]
    public void Longer_than_it_says()
    {
        using var scratch = new Scratch();
        Assert.Contains("where its header says", Refused(scratch, [.. File.ReadAllBytes(OneShare(scratch)), 0]));
    }

    [Fact]
    public void A_flipped_bit_anywhere()
    {
        using var scratch = new Scratch();
        byte[] whole = File.ReadAllBytes(OneShare(scratch));
        var random = new Random(_seed);
        output.WriteLine($"seed {_seed}");
        foreach (int at in Enumerable.Range(0, 180).Concat(Enumerable.Range(0, 150).Select(_ => random.Next(whole.Length))).Append(whole.Length - 1))
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= (byte)(1 << random.Next(8));
            string expected = at switch
            {
                < 8 => "is not a share file",
                < 12 => "has format version",
                < 4096 => "damaged header (wrong checksum)",
                _ => "has a wrong checksum",
            };
            string message = Refused(scratch, damaged);
            Assert.True(message.Contains(expected), $"byte {at}, seed {_seed}: {message}");
        }
    }

    [Fact]
    public void The_header_is_checked_even_when_the_checksum_of_the_contents_is_not()
    {
        using var scratch = new Scratch();
        byte[] whole = File.ReadAllBytes(OneShare(scratch));
        whole[53] ^= 1;
        Assert.Contains("damaged header", Refused(scratch, whole, verify: false));
    }

    [Fact]
    public void Another_partys()
    {
        using var scratch = new Scratch();
        string message = Assert.Throws<TableException>(() => ShareFile.Open(OneShare(scratch), 2)).Message;
        Assert.Contains("is party 1's share; this is party 2", message);
    }

    [Fact]
    public void Another_deployments()
    {
        using var scratch = new Scratch();
        var other = Guid.NewGuid();
        string message = Assert.Throws<TableException>(() => ShareFile.Open(OneShare(scratch), 1, true, other)).Message;
        Assert.Contains("is of another deployment", message);
        Assert.Contains(_deployment.ToString(), message);
        Assert.Contains(other.ToString(), message);
    }

    [Fact]
    public void Not_a_share_file()
    {
        using var scratch = new Scratch();
        Assert.Contains("is not a share file", Refused(scratch, "{ \"json\": true }"u8.ToArray()));
        Assert.Contains("is not a share file", Refused(scratch, new byte[8192]));
    }

    [Fact]
    public void Absent()
    {
        using var scratch = new Scratch();
        Assert.Contains("There is no share file", Assert.Throws<TableException>(() => ShareFile.Open(scratch.File("x.share"), 1)).Message);
        Assert.Contains("There is no share file", Assert.Throws<TableException>(() => ShareFile.Open(scratch.File("no/x.share"), 1)).Message);
    }

    private static string Refused(Scratch scratch, byte[] bytes, bool verify = true)
    {
        string path = scratch.Write("bad.share", bytes);
        string message = Assert.Throws<TableException>(() => ShareFile.Open(path, 1, verify).Dispose()).Message;
        Assert.Contains(path, message);
        return message;
    }

    private string OneShare(Scratch scratch) => scratch.Layout.ShareFile(1, "t", Share(scratch).Version);

    private TableDescription Share(Scratch scratch)
    {
        using MemoryVectors source = MemoryVectors.Random(new Random(_seed), Shape, 9);
        return TableSharer.Share(scratch.Layout, _deployment, "t", source, replace: true, null, CancellationToken.None);
    }
}
