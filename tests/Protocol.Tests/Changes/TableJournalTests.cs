using Trident.Protocol.Changes;
using Trident.Protocol.Field;
using Trident.Protocol.Tables;
using Trident.Protocol.Tests.Tables;
using Xunit;
using Xunit.Abstractions;

namespace Trident.Protocol.Tests.Changes;

public sealed class TableJournalTests : IDisposable
{
    private static readonly RecordShape Shape = new(ElementKind.U8, 9);
    private static readonly Action<int, ReadOnlySpan<uint>> Nothing = static (_, _) => { };

    private readonly Scratch _scratch = new();
    private readonly int _seed = Random.Shared.Next();
    private readonly TableDescription _table = new("t", Guid.NewGuid(), 20, Shape) { Product = TableDescription.BeaverProduct };
    private readonly Guid _a = Guid.NewGuid(), _b = Guid.NewGuid(), _c = Guid.NewGuid(), _d = Guid.NewGuid();

    public TableJournalTests(ITestOutputHelper output) => output.WriteLine($"seed {_seed}");

    private string FilePath => _scratch.File("t.journal");

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void What_was_written_is_there_when_it_is_opened_again()
    {
        Fill();
        List<(int Row, uint[] Words)> applied = [];
        using TableJournal journal = TableJournal.Open(FilePath, _table, 2, (row, words) => applied.Add((row, words.ToArray())));
        Assert.Equal([3, 7], applied.Select(a => a.Row));
        Assert.Equal([.. Words(1), .. Words(3)], applied.SelectMany(a => a.Words));
        Assert.Equal(2, journal.Revision);
        Assert.Equal((ChangeState.Committed, ChangeState.Aborted, ChangeState.Committed, ChangeState.Prepared),
            (journal.StateOf(_a), journal.StateOf(_b), journal.StateOf(_c), journal.StateOf(_d)));
        Assert.Equal(_d, journal.Undecided);
        Assert.Equal(new ChangeVote(true, 1, 4), journal.VoteOf(_b));
        Assert.Equal(new ChangeVote(true, 2, 0), journal.VoteOf(_d));
        Assert.Equal(ChangeVote.No, journal.VoteOf(Id(5)));
        Assert.Null(journal.VoteOf(Guid.NewGuid()));
        journal.Commit(_d, (row, words) => applied.Add((row, words.ToArray())));
        Assert.Equal((0, 3), (applied[2].Row, (int)journal.Revision));
        Assert.Equal(Words(4), applied[2].Words);
    }

    [Fact]
    public void The_file_is_its_owners_alone()
    {
        Fill();
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
        }
    }

    [Fact]
    public void A_tail_that_was_torn_anywhere_is_cut_off_and_the_rest_stands()
    {
        Fill();
        byte[] whole = File.ReadAllBytes(FilePath);
        int last = whole.Length - (4 + 29 + 4 * _table.Words + 16);
        for (int length = last; length < whole.Length; length++)
        {
            byte[] torn = whole[..length];
            if (length % 2 == 0)
            {
                // Or the file grew before its contents came.
                torn = [.. torn, .. new byte[whole.Length - length]];
            }

            File.WriteAllBytes(FilePath, torn);
            using (TableJournal journal = TableJournal.Open(FilePath, _table, 2, Nothing))
            {
                Assert.Equal((2L, null, ChangeState.Unknown), (journal.Revision, journal.Undecided, journal.StateOf(_d)));
                Assert.Equal(last, new FileInfo(FilePath).Length);
                journal.Prepare(_d, 11, Words(9));
            }

            using TableJournal again = TableJournal.Open(FilePath, _table, 2, Nothing);
            Assert.Equal((_d, 11), (again.Undecided, again.VoteOf(_d)!.Value.Row));
        }
    }

    [Fact]
    public void Damage_before_the_last_record_is_refused()
    {
        Fill();
        byte[] whole = File.ReadAllBytes(FilePath);
        int last = whole.Length - (4 + 29 + 4 * _table.Words + 16);
        for (int at = 0; at < last; at++)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 0x10;
            File.WriteAllBytes(FilePath, damaged);
            Assert.Contains("journal", Assert.Throws<TableException>(() => TableJournal.Open(FilePath, _table, 2, Nothing)).Message);
        }

        // A record that is left out, and one that comes twice.
        File.WriteAllBytes(FilePath, [.. whole[..64], .. whole[(64 + 4 + 29 + 4 * _table.Words + 16)..]]);
        Assert.Contains("damaged", Assert.Throws<TableException>(() => TableJournal.Open(FilePath, _table, 2, Nothing)).Message);
        File.WriteAllBytes(FilePath, [.. whole, .. whole[last..], .. whole[last..]]);
        Assert.Contains("damaged", Assert.Throws<TableException>(() => TableJournal.Open(FilePath, _table, 2, Nothing)).Message);
    }

    [Fact]
    public void Another_partys_and_another_versions_journal_is_refused()
    {
        Fill();
        Assert.Contains("not party 1's", Assert.Throws<TableException>(() => TableJournal.Open(FilePath, _table, 1, Nothing)).Message);
        Assert.Contains("of this version", Assert.Throws<TableException>(() =>
            TableJournal.Open(FilePath, _table with { Version = Guid.NewGuid() }, 2, Nothing)).Message);
        File.WriteAllBytes(FilePath, []);
        Assert.Contains("damaged", Assert.Throws<TableException>(() => TableJournal.Open(FilePath, _table, 2, Nothing)).Message);
    }

    [Fact]
    public void Two_processes_do_not_share_a_journal()
    {
        using TableJournal journal = TableJournal.Open(FilePath, _table, 2, Nothing);
        Assert.Contains("another silo", Assert.Throws<TableException>(() => TableJournal.Open(FilePath, _table, 2, Nothing)).Message);
    }

    [Fact]
    public void A_vote_is_given_once_and_one_transaction_is_undecided_at_a_time()
    {
        using TableJournal journal = TableJournal.Open(FilePath, _table, 2, Nothing);
        journal.Refuse(_a);
        Assert.Throws<InvalidOperationException>(() => journal.Refuse(_a));
        Assert.Throws<InvalidOperationException>(() => journal.Prepare(_a, 0, Words(0)));
        Assert.Throws<InvalidOperationException>(() => journal.Commit(_a, Nothing));
        journal.Prepare(_b, 0, Words(0));
        Assert.Throws<InvalidOperationException>(() => journal.Prepare(_c, 0, Words(0)));
        Assert.Throws<InvalidOperationException>(() => journal.Refuse(_b));
        journal.Abort(_b);
        Assert.Throws<InvalidOperationException>(() => journal.Commit(_b, Nothing));
        Assert.Equal(0, journal.Revision);
    }

    [Fact]
    public void A_vote_has_one_form_on_the_wire()
    {
        ChangeVote vote = new(true, 0x0102030405060708, 0x11121314);
        Assert.Equal("01080706050403020114131211", Convert.ToHexString(vote.ToBytes()));
        Assert.Equal(vote, ChangeVote.Parse(vote.ToBytes()));
        Assert.Equal("02000000000000000000000000", Convert.ToHexString(ChangeVote.No.ToBytes()));
        Assert.Equal(ChangeVote.No, ChangeVote.Parse(ChangeVote.No.ToBytes()));
        Assert.Throws<FormatException>(() => ChangeVote.Parse(vote.ToBytes()[1..]));
        Assert.Throws<FormatException>(() => ChangeVote.Parse([0, .. vote.ToBytes()[1..]]));
        Assert.Throws<FormatException>(() => ChangeVote.Parse([]));
    }

    [Fact]
    public void Sharing_a_table_again_takes_the_old_journal_away()
    {
        TableDescription first = Share(), second;
        string old = _scratch.Layout.JournalFile(2, "t", first.Version);
        TableJournal.Open(old, first, 2, Nothing).Dispose();
        second = Share();
        Assert.False(File.Exists(old));
        TableJournal.Open(_scratch.Layout.JournalFile(2, "t", second.Version), second, 2, Nothing).Dispose();

        TableDescription Share() => TableSharer.Share(_scratch.Layout, Guid.NewGuid(), "t", MemoryVectors.Random(new Random(_seed), Shape, 5), true, null,
            CancellationToken.None, TableDescription.BeaverProduct);
    }

    [Fact]
    public void A_changed_share_is_changed_in_memory_and_not_in_its_file()
    {
        TableDescription table = TableSharer.Share(_scratch.Layout, Guid.NewGuid(), "t", MemoryVectors.Random(new Random(_seed), Shape, 5), true, null,
            CancellationToken.None, TableDescription.BeaverProduct);
        string path = _scratch.Layout.ShareFile(3, "t", table.Version);
        byte[] before = File.ReadAllBytes(path);
        using ShareFile file = ShareFile.Open(path, 3), other = ShareFile.Open(path, 3);
        file.Replace(4, Words(1));
        Assert.Equal(Words(1), file.Rows(4, 1).ToArray());
        Assert.Equal(other.Rows(0, 4).ToArray(), file.Rows(0, 4).ToArray());
        Assert.NotEqual(Words(1), other.Rows(4, 1).ToArray());
        Assert.Equal(before, File.ReadAllBytes(path));
        Assert.Throws<ArgumentException>(() => file.Replace(4, Words(1).AsSpan(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Replace(5, Words(1)));
    }

    // a: made; b: dropped; a no; c: made; d: open.
    private void Fill()
    {
        using TableJournal journal = TableJournal.Open(FilePath, _table, 2, Nothing);
        journal.Prepare(_a, 3, Words(1));
        journal.Commit(_a, Nothing);
        journal.Prepare(_b, 4, Words(2));
        journal.Refuse(Id(5));
        journal.Abort(_b);
        journal.Prepare(_c, 7, Words(3));
        journal.Commit(_c, Nothing);
        journal.Prepare(_d, 0, Words(4));
    }

    private Guid Id(int number)
    {
        byte[] bytes = new byte[16];
        new Random(_seed + number).NextBytes(bytes);
        return new Guid(bytes);
    }

    private uint[] Words(int number)
    {
        Random random = new(_seed ^ number << 8);
        return [.. Enumerable.Range(0, _table.Words).Select(_ => (uint)random.Next((int)Mersenne31.P))];
    }
}
