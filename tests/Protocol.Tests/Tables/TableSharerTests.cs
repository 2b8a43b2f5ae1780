using Trident.Protocol.Tables;
using Xunit;
using Xunit.Abstractions;

namespace Trident.Protocol.Tests.Tables;

public class TableSharerTests(ITestOutputHelper output)
{
    private const uint P = 0x7fffffff;

    private readonly Guid _deployment = Guid.NewGuid();
    private readonly int _seed = Random.Shared.Next();

    [Theory]
    [InlineData(ElementKind.U8, 1, 1)]
    [InlineData(ElementKind.F8, 3, 50)]
    [InlineData(ElementKind.U8, 128, 9_001)] // several blocks, the last one not whole
    [InlineData(ElementKind.F8, 65_536, 3)]
    public void Two_shares_give_the_records(ElementKind kind, int dimension, int rows)
    {
        using var scratch = new Scratch();
        var shape = new RecordShape(kind, dimension);
        byte[][] records = MemoryVectors.RandomRecords(Seeded(), shape, rows);
        TableDescription table = Share(scratch, new MemoryVectors(shape, records));
        Assert.Equal(("t", rows, shape, "stock"), (table.Name, table.Rows, table.Shape, table.Product));
        Assert.Equal(table, scratch.Layout.Table("t"));
        CheckShares(scratch.Layout, table, row => records[row]);
    }

    [Fact]
    public void The_product_is_in_the_description_and_in_every_share_file()
    {
        using var scratch = new Scratch();
        TableDescription table = TableSharer.Share(scratch.Layout, _deployment, "t", MemoryVectors.Random(Seeded(), new RecordShape(ElementKind.U8, 9), 5),
            false, null, CancellationToken.None, TableDescription.BeaverProduct);
        Assert.Equal("beaver", table.Product);
        Assert.Equal(table, scratch.Layout.Table("t"));
        for (int party = 1; party <= 3; party++)
        {
            using ShareFile file = ShareFile.Open(scratch.Layout.ShareFile(party, "t", table.Version), party);
            Assert.Equal(table, file.Description);
        }

        string[] before = scratch.Snapshot();
        Assert.Contains("product 'barter'", Assert.Throws<TableException>(() => TableSharer.Share(scratch.Layout, _deployment, "u",
            MemoryVectors.Random(Seeded(), new RecordShape(ElementKind.U8, 9), 5), false, null, CancellationToken.None, "barter")).Message);
        Assert.Equal(before, scratch.Snapshot());
    }

    [Theory]
    [InlineData(2_796_202, 1, true)] // six words a row, for the check of a batch of three
    [InlineData(2_796_203, 1, false)]
    [InlineData(466_033, 128, true)] // 36 words a row, for a query
    [InlineData(466_034, 128, false)]
    public void A_beaver_table_is_no_larger_than_its_frames_may_be(int rows, int dimension, bool fits)
    {
        TableDescription table = new("t", Guid.NewGuid(), rows, new RecordShape(ElementKind.U8, dimension)) { Product = TableDescription.BeaverProduct };
        if (fits)
        {
            table.Validate();
        }
        else
        {
            Assert.Contains("too large for the product 'beaver'", Assert.Throws<TableException>(table.Validate).Message);
        }
    }

    [SharedDataFact]
    public void Real_vectors_come_back()
    {
        using var scratch = new Scratch();
        string path = Path.Combine(SharedDataFactAttribute.Find()!, "data", "sift10k", "base.fvecs");
        byte[] raw = File.ReadAllBytes(path);
        using IVectorSource source = VectorFile.Open(path);
        Assert.Equal((10_000, new RecordShape(ElementKind.U8, 128)), (source.Rows, source.Shape));
        TableDescription table = Share(scratch, source);
        Assert.Equal(35, table.Words);
        CheckShares(scratch.Layout, table, row =>
            [.. Enumerable.Range(0, 128).Select(i => (byte)BitConverter.ToSingle(raw, row * 516 + 4 + 4 * i))]);

        using IVectorSource neighbours = VectorFile.Open(Path.Combine(SharedDataFactAttribute.Find()!, "data", "sift10k", "groundtruth.ivecs"));
        Assert.Equal((100, new RecordShape(ElementKind.I4, 100)), (neighbours.Rows, neighbours.Shape));
    }

    [Fact]
    public void An_existing_table_is_kept_without_replace()
    {
        using var scratch = new Scratch();
        Share(scratch, Some(5));
        string[] before = scratch.Snapshot();
        var e = Assert.Throws<TableException>(() => Share(scratch, Some(6)));
        Assert.Contains("already exists; pass --replace", e.Message);
        Assert.Equal(before, scratch.Snapshot());
    }

    [Fact]
    public void Replacing_leaves_the_new_version_only()
    {
        using var scratch = new Scratch();
        TableDescription first = Share(scratch, Some(5));
        Share(scratch, Some(4), name: "t-2");
        using ShareFile served = ShareFile.Open(scratch.Layout.ShareFile(1, "t", first.Version), 1);
        uint[] words = served.Matrix.ToArray();

        // What a sharing that was killed leaves behind is cleaned up too, and another table's files are not touched.
        string killed = Path.Combine(scratch.Layout.ShareDirectory(2), $".t.{Guid.NewGuid():N}.share.tmp");
        File.WriteAllText(killed, "half");
        TableDescription second = Share(scratch, Some(6), replace: true);

        Assert.NotEqual(first.Version, second.Version);
        Assert.Equal(second, scratch.Layout.Table("t"));
        Assert.Equal(["t", "t-2"], scratch.Layout.Tables().Select(t => t.Name));
        Assert.Equal(2 + 3 * 2, Directory.GetFiles(scratch.Layout.Directory, "*", SearchOption.AllDirectories).Length);
        Assert.False(File.Exists(killed));
        Assert.True(served.Matrix.SequenceEqual(words), "who has the old version open can go on reading it");
    }

    [Fact]
    public void A_failure_leaves_nothing_behind()
    {
        using var scratch = new Scratch();
        Assert.Throws<TableException>(() => Share(scratch, Some(20_000, failAt: 19_999)));
        Assert.False(Directory.Exists(scratch.Layout.Directory));

        Share(scratch, Some(5));
        string[] before = scratch.Snapshot();
        Assert.Throws<TableException>(() => Share(scratch, Some(20_000, failAt: 19_999), replace: true));
        Assert.Equal(before, scratch.Snapshot());
        Assert.Throws<TableException>(() => Share(scratch, Some(3, failAt: 0), name: "other"));
        Assert.Equal(before, scratch.Snapshot());
    }

    [Fact]
    public void A_failure_at_the_commit_leaves_nothing_behind()
    {
        using var scratch = new Scratch();
        Share(scratch, Some(5));
        string description = scratch.Layout.DescriptionFile("u");
        Directory.CreateDirectory(description); // the last rename cannot succeed
        string[] before = scratch.Snapshot();
        var e = Assert.Throws<TableException>(() => Share(scratch, Some(6), name: "u", replace: true));
        Assert.Contains("cannot be written", e.Message);
        Assert.Equal(before, scratch.Snapshot());
    }

    [Fact]
    public void Cancelling_leaves_nothing_behind()
    {
        using var scratch = new Scratch();
        Share(scratch, Some(5));
        string[] before = scratch.Snapshot();
        using var cancel = new CancellationTokenSource();
        var stop = new Report(_ => cancel.Cancel());
        Assert.Throws<OperationCanceledException>(() => TableSharer.Share(scratch.Layout, _deployment, "t", Some(100_000), true, stop, cancel.Token));
        Assert.Equal(before, scratch.Snapshot());

        // Cancelled with the last record: still before the commit.
        using var late = new CancellationTokenSource();
        var end = new Report(p => { if (p.Done == p.Total) { late.Cancel(); } });
        Assert.Throws<OperationCanceledException>(() => TableSharer.Share(scratch.Layout, _deployment, "t", Some(7), true, end, late.Token));
        Assert.Equal(before, scratch.Snapshot());
    }

    [Fact]
    public void Progress_goes_up_to_the_end()
    {
        using var scratch = new Scratch();
        var seen = new List<(long Done, long Total)>();
        TableSharer.Share(scratch.Layout, _deployment, "t", Some(100_000), false, new Report(seen.Add), CancellationToken.None);
        Assert.True(seen.Count > 1);
        Assert.Equal(seen.Order(), seen);
        Assert.Equal((100_000, 100_000), seen[^1]);
    }

    [Fact]
    public void One_sharing_of_a_table_at_a_time()
    {
        using var scratch = new Scratch();
        string? message = null;
        var during = new Report(_ => message ??= Assert.Throws<TableException>(() => Share(scratch, Some(3), replace: true)).Message);
        TableDescription table = TableSharer.Share(scratch.Layout, _deployment, "t", Some(5), true, during, CancellationToken.None);
        Assert.Contains("is being shared by another program", message);
        Assert.Equal(table, scratch.Layout.Table("t"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("../t")]
    [InlineData("T")]
    [InlineData("-t")]
    [InlineData("t.json")]
    [InlineData("t\n")]
    [InlineData("a123456789012345678901234567890123456789012345678901234567890123")]
    public void Bad_names_are_refused(string name)
    {
        using var scratch = new Scratch();
        Assert.Contains("cannot be a table's name", Assert.Throws<TableException>(() => Share(scratch, Some(3), name: name)).Message);
        Assert.Empty(scratch.Snapshot());
    }

    [Fact]
    public void Equal_tables_have_unequal_shares()
    {
        using var scratch = new Scratch();
        TableDescription a = Share(scratch, Some(50), name: "a"), b = Share(scratch, Some(50), name: "b");
        using ShareFile x = ShareFile.Open(scratch.Layout.ShareFile(1, "a", a.Version), 1);
        using ShareFile y = ShareFile.Open(scratch.Layout.ShareFile(1, "b", b.Version), 1);
        Assert.False(x.Matrix.SequenceEqual(y.Matrix));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Memory_does_not_depend_on_the_size_of_the_file(bool fortran)
    {
        // 40 MB of records; the blocks that are held at a time are below 12 MB, and are all that is allocated.
        const int rows = 80_000, dimension = 128;
        using var scratch = new Scratch();
        byte[] data = new byte[rows * dimension * sizeof(float)];
        string path = scratch.Write("a.npy", Formats.Npy("<f4", fortran, $"{rows}, {dimension}", data));
        long before = GC.GetAllocatedBytesForCurrentThread();
        using (IVectorSource source = VectorFile.Open(path))
        {
            Share(scratch, source);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 12L << 20);
    }

    private static void CheckShares(DeploymentLayout layout, TableDescription table, Func<int, byte[]> expected)
    {
        ShareFile[] files = [.. Enumerable.Range(1, 3).Select(p => ShareFile.Open(layout.ShareFile(p, table.Name, table.Version), p))];
        uint[] words = new uint[table.Words];
        byte[] record = new byte[table.Shape.Bytes];
        for (int row = 0; row < table.Rows; row++)
        {
            ReadOnlySpan<uint> one = files[0].Rows(row, 1), two = files[1].Rows(row, 1), three = files[2].Rows(row, 1);
            for (int i = 0; i < words.Length; i++)
            {
                // The line through (1, one) and (2, two), at 0; the third must be on it.
                words[i] = (uint)((2UL * one[i] + P - two[i]) % P);
                Assert.Equal(0UL, ((ulong)one[i] + three[i] + 2UL * (P - two[i])) % P);
            }

            RecordPacking.Unpack(words, record);
            Assert.True(record.AsSpan().SequenceEqual(expected(row)), $"record {row} differs");
        }

        Array.ForEach(files, f => f.Dispose());
    }

    private MemoryVectors Some(int rows, int failAt = -1) => MemoryVectors.Random(Seeded(), new RecordShape(ElementKind.U8, 60), rows, failAt);

    private TableDescription Share(Scratch scratch, IVectorSource source, string name = "t", bool replace = false) =>
        TableSharer.Share(scratch.Layout, _deployment, name, source, replace, null, CancellationToken.None);

    private Random Seeded()
    {
        output.WriteLine($"seed {_seed}");
        return new Random(_seed);
    }

    private sealed class Report(Action<(long Done, long Total)> told) : IProgress<(long Done, long Total)>
    {
        void IProgress<(long Done, long Total)>.Report((long Done, long Total) value) => told(value);
    }
}
