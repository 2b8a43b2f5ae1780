using System.Runtime.InteropServices;
using Trident.Protocol.Field;
using Trident.Protocol.Sharing;
using Trident.Protocol.Tables;
using Xunit;
using Xunit.Abstractions;

namespace Trident.Protocol.Tests.Tables;

/// <summary>Tables of words as they are, their names, and several tables that are put in place together.</summary>
public sealed class ScoreTableTests(ITestOutputHelper output)
{
    private readonly Guid _deployment = Guid.NewGuid();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 70_000)] // more than a record of other elements may have, and more than a block
    [InlineData(3, 300_000)]
    public void Words_are_shared_as_they_are(int rows, int columns)
    {
        using Scratch scratch = new();
        RecordShape shape = new(ElementKind.Word, columns);
        byte[][] records = Words(rows, columns);
        using StagedTable staged = Stage(scratch, "c.scores", new MemoryVectors(shape, records));
        staged.Commit();
        staged.DeleteOlder();
        TableDescription table = scratch.Layout.Table("c.scores");
        Assert.Equal(staged.Description, table);
        Assert.True(table.IsScores);
        Assert.Equal(columns, table.Words);
        Assert.Contains("\"word\"", File.ReadAllText(scratch.Layout.DescriptionFile("c.scores")), StringComparison.Ordinal);
        using ShareFile one = ShareFile.Open(scratch.Layout.ShareFile(1, "c.scores", table.Version), 1, true, _deployment);
        using ShareFile three = ShareFile.Open(scratch.Layout.ShareFile(3, "c.scores", table.Version), 3, true, _deployment);
        Assert.Equal(table, one.Description);
        uint[] opened = new uint[rows * columns];
        Shamir.OpenLine(1, one.Matrix, 3, three.Matrix, opened);
        Assert.Equal(records.SelectMany(r => r), MemoryMarshal.AsBytes(opened.AsSpan()).ToArray());
    }

    [Fact]
    public void A_word_that_is_no_element_names_its_record_and_leaves_nothing()
    {
        using Scratch scratch = new();
        byte[][] records = Words(4, 9);
        MemoryMarshal.Cast<byte, uint>(records[2].AsSpan())[8] = Mersenne31.P;
        TableException e = Assert.Throws<TableException>(() => Stage(scratch, "c.scores", new MemoryVectors(new RecordShape(ElementKind.Word, 9), records)));
        Assert.Contains("Record 2 ", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(scratch.Snapshot(), s => s.EndsWith(".share", StringComparison.Ordinal) || s.EndsWith(".tmp", StringComparison.Ordinal));
    }

    [Fact]
    public void Unpacking_refuses_words_that_are_no_elements()
    {
        RecordShape shape = new(ElementKind.Word, 3);
        byte[] record = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        Assert.Throws<TableException>(() => RecordPacking.Unpack(shape, [1, Mersenne31.P, 2], record));
        Assert.Equal(new byte[12], record);
        RecordPacking.Unpack(shape, [1, Mersenne31.P - 1, 0x01020304], record);
        Assert.Equal([1, 0, 0, 0, 0xfe, 0xff, 0xff, 0x7f, 4, 3, 2, 1], record);
        Assert.Throws<ArgumentException>(() => RecordPacking.Unpack(shape, [1, 2], record));
        Assert.Throws<ArgumentException>(() => RecordPacking.Pack(shape, record, new uint[4]));
    }

    [Fact]
    public void Shapes_and_products_have_limits()
    {
        new RecordShape(ElementKind.Word, RecordShape.MaxWords).Validate();
        Assert.Throws<TableException>(() => new RecordShape(ElementKind.Word, RecordShape.MaxWords + 1).Validate());
        Assert.Throws<TableException>(() => new RecordShape(ElementKind.F4, RecordShape.MaxDimension + 1).Validate());
        TableDescription table = new("c.scores", Guid.NewGuid(), 32, new RecordShape(ElementKind.Word, RecordShape.MaxWords));
        Assert.Contains("Split", Assert.Throws<TableException>(table.Validate).Message, StringComparison.Ordinal);
        (table with { Rows = 31 }).Validate();
        Assert.Contains("always", Assert.Throws<TableException>((table with { Rows = 1, Shape = new RecordShape(ElementKind.Word, 5), Product = TableDescription.BeaverProduct }).Validate).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("c.scores", true)]
    [InlineData("c.records", true)]
    [InlineData("c.neighbours", true)]
    [InlineData("a-b_9.records", true)]
    [InlineData("c", true)]
    [InlineData("c.", false)]
    [InlineData(".scores", false)]
    [InlineData("c.other", false)]
    [InlineData("c.scores.records", false)]
    [InlineData("c.scores\n", false)]
    [InlineData("../c.scores", false)]
    public void A_stored_name_has_at_most_one_of_three_suffixes(string name, bool good)
    {
        DeploymentLayout layout = new("d");
        if (good)
        {
            TableDescription.ValidateStoredName(name);
            _ = layout.DescriptionFile(name);
        }
        else
        {
            Assert.Throws<TableException>(() => TableDescription.ValidateStoredName(name));
            Assert.Throws<TableException>(() => layout.ShareFile(1, name, Guid.NewGuid()));
        }
    }

    [Fact]
    public void A_name_fits_the_header_and_none_but_a_collection_gives_a_suffix()
    {
        TableDescription.ValidateStoredName(new string('a', 52) + ".neighbours");
        Assert.Throws<TableException>(() => TableDescription.ValidateStoredName(new string('a', 53) + ".neighbours"));
        using Scratch scratch = new();
        Assert.Throws<TableException>(() => TableSharer.Share(scratch.Layout, _deployment, "c.scores", new MemoryVectors(new RecordShape(ElementKind.Word, 9), Words(2, 9)),
            false, null, CancellationToken.None));
        Assert.False(Directory.Exists(scratch.Layout.Directory));
    }

    [Fact]
    public void What_is_staged_and_not_committed_leaves_nothing()
    {
        using Scratch scratch = new();
        Share(scratch, "c.scores");
        string[] before = scratch.Snapshot();
        using (StagedTable staged = Stage(scratch, "c.scores", Some(), replace: true))
        {
            Assert.Contains("another program", Assert.Throws<TableException>(() => Stage(scratch, "c.scores", Some(), replace: true)).Message, StringComparison.Ordinal);
            Assert.NotEqual(staged.Description.Version, scratch.Layout.Table("c.scores").Version);
            Assert.Throws<InvalidOperationException>(staged.DeleteOlder);
        }

        Assert.Equal(before, scratch.Snapshot());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_failure_between_two_commits_undoes_the_first(bool older)
    {
        using Scratch scratch = new();
        if (older)
        {
            Share(scratch, "c.scores");
            Share(scratch, "c.records");
        }

        string[] before = scratch.Snapshot();
        using (StagedTable scores = Stage(scratch, "c.scores", Some(), replace: true))
        using (StagedTable records = Stage(scratch, "c.records", Some(), replace: true))
        {
            scores.Commit();
            Assert.Equal(scores.Description.Version, scratch.Layout.Table("c.scores").Version);

            // A directory in the description's place: the second cannot be committed.
            string place = scratch.Layout.DescriptionFile("c.records");
            File.Delete(place);
            Directory.CreateDirectory(place);
            Assert.Throws<TableException>(records.Commit);
            Directory.Delete(place);
        }

        Assert.Equal(before.Where(s => !s.Contains("c.records.json", StringComparison.Ordinal)),
            scratch.Snapshot().Where(s => !s.Contains("c.records.json", StringComparison.Ordinal)));
    }

    [Fact]
    public void Older_versions_go_at_the_end_and_only_those_of_the_same_table()
    {
        using Scratch scratch = new();
        TableDescription plain = Share(scratch, "c"), records = Share(scratch, "c.records"), older = Share(scratch, "c.scores");
        using (StagedTable staged = Stage(scratch, "c.scores", Some(), replace: true))
        {
            staged.Commit();
            Assert.True(File.Exists(scratch.Layout.ShareFile(2, "c.scores", older.Version)));
            staged.DeleteOlder();
            Assert.False(File.Exists(scratch.Layout.ShareFile(2, "c.scores", older.Version)));
        }

        // 'c' is a prefix of the others' names.
        plain = TableSharer.Share(scratch.Layout, _deployment, "c", Some(), true, null, CancellationToken.None);
        foreach (TableDescription table in (TableDescription[])[plain, records, scratch.Layout.Table("c.scores")])
        {
            Assert.All([1, 2, 3], p => Assert.True(File.Exists(scratch.Layout.ShareFile(p, table.Name, table.Version))));
        }

        Assert.Equal(9, Directory.GetFiles(scratch.Layout.Directory, "*.share", SearchOption.AllDirectories).Length);
    }

    private StagedTable Stage(Scratch scratch, string name, IVectorSource source, bool replace = false) =>
        TableSharer.Stage(scratch.Layout, _deployment, name, source, replace, null, CancellationToken.None);

    private TableDescription Share(Scratch scratch, string name)
    {
        using StagedTable staged = Stage(scratch, name, Some());
        staged.Commit();
        staged.DeleteOlder();
        return staged.Description;
    }

    private MemoryVectors Some() => new(new RecordShape(ElementKind.Word, 9), Words(4, 9));

    private byte[][] Words(int rows, int columns)
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        byte[][] records = new byte[rows][];
        for (int r = 0; r < rows; r++)
        {
            records[r] = new byte[columns * sizeof(uint)];
            foreach (ref uint word in MemoryMarshal.Cast<byte, uint>(records[r].AsSpan()))
            {
                word = (uint)random.Next((int)Mersenne31.P);
            }
        }

        return records;
    }
}
