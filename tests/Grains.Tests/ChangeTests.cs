using System.Runtime.InteropServices;
using Trident.Abstractions;
using Trident.Grains.Exchange;
using Trident.Protocol.Changes;
using Trident.Protocol.Product;
using Trident.Protocol.Sealing;
using Trident.Protocol.Tables;
using Trident.Protocol.Wire;
using Xunit;
using Xunit.Abstractions;

namespace Trident.Grains.Tests;

/// <summary>Changes of a table through three whole parties in memory: by all or by none, whatever is lost on the way.</summary>
public sealed class ChangeTests(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly int _seed = Random.Shared.Next();
    private InMemoryParties _world = null!;

    public async Task InitializeAsync()
    {
        output.WriteLine($"seed {_seed}");
        _world = await InMemoryParties.StartAsync(37, 11, _seed, TableDescription.BeaverProduct);
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task The_next_query_sees_the_change_and_every_other_row_is_as_it_was()
    {
        for (int change = 0; change < 3; change++)
        {
            byte[] record = Record(change);
            Assert.All(await PutAsync(_world.Change(5 + change, record, change)), a => Assert.Equal((change + 1, null), ((int)a.Revision, a.Failure)));
            _world.Plain[5 + change] = record;
            foreach (int row in (int[])[0, 4, 5, 6, 7, 8, 36])
            {
                Assert.Equal(_world.Plain[row], await FetchAsync(row));
            }
        }
    }

    [Fact]
    public async Task A_change_outlives_a_restart_of_every_party()
    {
        byte[] record = Record(1);
        Assert.All(await PutAsync(_world.Change(36, record, 0)), a => Assert.Null(a.Failure));
        foreach (int party in (int[])[1, 2, 3])
        {
            await _world.RestartAsync(party);
        }

        await _world.StockedAsync();
        Assert.All(_world.Parties[1..], p => Assert.Equal(1, p.Served.Revision));
        Assert.Equal(record, await FetchAsync(36));
        Assert.All(await PutAsync(_world.Change(36, _world.Plain[36], 1)), a => Assert.Equal(2, a.Revision));
        Assert.Equal(_world.Plain[36], await FetchAsync(36));
    }

    [Fact]
    public async Task Without_one_party_the_change_is_refused_and_nothing_changes_anywhere()
    {
        _world.Gone.Add(3);
        _world.Parties[1].Peers[3].Lost();
        _world.Parties[2].Peers[3].Lost();
        PutRequest[] change = _world.Change(5, Record(1), 0);
        PutAnswer[] answers = await Task.WhenAll(PutAsync(1, change), PutAsync(2, change));
        Assert.All(answers, a => Assert.Equal(PutFailureKind.PeerDown, a.Failure!.Kind));

        // And it stays refused when the party is back.
        _world.Gone.Clear();
        _world.HearAll();
        Assert.All(await PutAsync(change), a => Assert.NotNull(a.Failure));
        await Until.SoAsync(() => StatesOf(change).All(s => s is ChangeState.Refused or ChangeState.Aborted));
        await NothingChangedAsync();
    }

    [Fact]
    public async Task A_party_that_is_asked_for_a_vote_on_what_it_has_not_heard_of_refuses_it_for_ever()
    {
        PutRequest[] change = _world.Change(5, Record(1), 0);
        Task<PutAnswer[]> putting = Task.WhenAll(PutAsync(1, change), PutAsync(2, change));
        await Until.SoAsync(() => StatesOf(change)[..2].All(s => s == ChangeState.Prepared));
        Assert.All(await AskingAsync(putting), a => Assert.Equal(PutFailureKind.PeerRefused, a.Failure!.Kind));
        PutAnswer late = await PutAsync(3, change);
        Assert.Equal(PutFailureKind.Conflict, late.Failure!.Kind);
        Assert.Contains("refused before", late.Failure.Message, StringComparison.Ordinal);
        Assert.Equal([ChangeState.Aborted, ChangeState.Aborted, ChangeState.Refused], StatesOf(change));
        await NothingChangedAsync();
    }

    [Theory]
    [InlineData(FrameKind.TableVote, 1, 2)]
    [InlineData(FrameKind.TableVote, 2, 0)]
    [InlineData(FrameKind.TableVote, 0, 3)]
    [InlineData(FrameKind.TableVote, 0, 0)]
    public async Task Votes_that_are_lost_are_asked_for(FrameKind kind, int from, int to)
    {
        // Each lost once; a zero stands for any party.
        HashSet<(int, int)> gone = [];
        _world.Lost = h =>
        {
            lock (gone)
            {
                return h.Kind == kind && (from == 0 || h.From == from) && (to == 0 || h.To == to) && gone.Add((h.From, h.To));
            }
        };
        byte[] record = Record(1);
        PutRequest[] change = _world.Change(5, record, 0);
        Task<PutAnswer[]> putting = PutAsync(change);
        await Until.SoAsync(() => StatesOf(change).All(s => s != ChangeState.Unknown));
        Assert.All(await AskingAsync(putting), a => Assert.Equal((1L, null), (a.Revision, a.Failure)));
        Assert.NotEmpty(gone);
        Assert.Equal(record, await FetchAsync(5));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_party_that_ends_between_its_vote_and_the_change_makes_it_when_it_is_back(int crashing)
    {
        _world.Lost = h => h.Kind is FrameKind.TableVote or FrameKind.TableAsk && (h.From == crashing || h.To == crashing);
        byte[] record = Record(1);
        PutRequest[] change = _world.Change(5, record, 0);
        Task<PutAnswer[]> putting = PutAsync(change);
        await Until.SoAsync(() => StatesOf(change).All(s => s == ChangeState.Prepared));
        Task<PutAnswer> other = PutAsync(crashing == 1 ? 2 : 1, _world.Change(6, Record(2), 0));
        Assert.Contains("not decided yet", (await other).Failure!.Message, StringComparison.Ordinal);

        await _world.RestartAsync(crashing);
        _world.Lost = _ => false;
        PutAnswer[] answers = await AskingAsync(putting);
        await AskingAsync(Until.SoAsync(() => StatesOf(change).All(s => s == ChangeState.Committed)));
        foreach (int party in Enumerable.Range(1, 3).Where(p => p != crashing))
        {
            Assert.Null(answers[party - 1].Failure);
        }

        Assert.Equal(PutFailureKind.Undecided, answers[crashing - 1].Failure!.Kind);
        await _world.StockedAsync();
        Assert.Equal(record, await FetchAsync(5));
    }

    [Fact]
    public async Task A_party_that_is_ahead_of_the_others_answers_nothing_wrong()
    {
        // All votes reach party 1 alone: it makes the change, and the others cannot know yet.
        _world.Lost = h => h.Kind is FrameKind.TableVote or FrameKind.TableAsk && h.To != 1;
        byte[] record = Record(1);
        PutRequest[] change = _world.Change(5, record, 0);
        Task<PutAnswer[]> putting = PutAsync(change);
        await Until.SoAsync(() => StatesOf(change) is [ChangeState.Committed, ChangeState.Prepared, ChangeState.Prepared]);
        QueryAnswer[] answers = await _world.AskAsync(5, _world.Lease());
        Assert.All(answers, a => Assert.Equal(QueryFailureKind.TableChanged, a.Failure!.Kind));

        _world.Lost = _ => false;
        Assert.All(await AskingAsync(putting), a => Assert.Null(a.Failure));
        Assert.Equal(record, await FetchAsync(5));
    }

    [Fact]
    public async Task Of_changes_at_the_same_time_one_is_made_at_most_and_all_parties_agree()
    {
        Random random = new(_seed);
        for (int round = 0; round < 12; round++)
        {
            long before = _world.Parties[1].Served.Revision;
            byte[][] records = [.. Enumerable.Range(0, 3).Select(i => Record(100 * round + i))];
            PutRequest[][] changes = [.. records.Select(r => _world.Change(9, r, before))];

            // Nine calls in an order of their own, so that the parties hear of the changes in different orders.
            (int Change, int Party)[] calls = [.. Enumerable.Range(0, 9).Select(i => (i % 3, 1 + i / 3))];
            random.Shuffle(calls);
            PutAnswer[][] answers = [new PutAnswer[3], new PutAnswer[3], new PutAnswer[3]];
            await Task.WhenAll(calls.Select(call => Task.Run(async () =>
                answers[call.Change][call.Party - 1] = await PutAsync(call.Party, changes[call.Change]))));
            int made = -1;
            for (int i = 0; i < changes.Length; i++)
            {
                await Until.SoAsync(() => StatesOf(changes[i]).All(s => s is not (ChangeState.Prepared or ChangeState.Unknown)));
                ChangeState[] states = StatesOf(changes[i]);
                bool all = states.All(s => s == ChangeState.Committed);
                Assert.True(all || states.All(s => s != ChangeState.Committed), string.Join(' ', states));
                Assert.All(answers[i], a => Assert.Equal(all, a.Failure is null));
                Assert.False(all && made >= 0, "two changes were made");
                made = all ? i : made;
            }

            output.WriteLine($"round {round}: change {made} was made");
            _world.Plain[9] = made >= 0 ? records[made] : _world.Plain[9];
            Assert.All(_world.Parties[1..], p => Assert.Equal(before + (made >= 0 ? 1 : 0), p.Served.Revision));
            Assert.Equal(_world.Plain[9], await FetchAsync(9));
        }
    }

    [Fact]
    public async Task A_repeated_request_changes_nothing_more()
    {
        PutRequest[] first = _world.Change(5, Record(1), 0);
        Assert.All(await PutAsync(first), a => Assert.Null(a.Failure));
        byte[] record = Record(2);
        Assert.All(await PutAsync(_world.Change(5, record, 1)), a => Assert.Null(a.Failure));
        Assert.All(await PutAsync(first), a => Assert.Equal((1L, null), (a.Revision, a.Failure)));
        Assert.All(_world.Parties[1..], p => Assert.Equal(2, p.Served.Revision));
        Assert.Equal(record, await FetchAsync(5));
    }

    [Fact]
    public async Task A_change_for_a_revision_that_is_past_is_refused()
    {
        Assert.All(await PutAsync(_world.Change(5, Record(1), 0)), a => Assert.Null(a.Failure));
        Assert.All(await PutAsync(_world.Change(5, Record(2), 0)), a => Assert.Contains("revision 1", a.Failure!.Message, StringComparison.Ordinal));
        Assert.All(_world.Parties[1..], p => Assert.Equal(1, p.Served.Revision));
    }

    [Fact]
    public async Task Only_the_data_owner_changes_tables()
    {
        using OwnerIdentity stranger = OwnerIdentity.Generate(_world.Deployment);
        Assert.All(await PutAsync(_world.Change(5, Record(1), 0, owner: stranger)), NotAuthentic);

        PutRequest[] change = _world.Change(5, Record(1), 0);
        NotAuthentic(await PutAsync(1, [null!, change[2]]));
        NotAuthentic(await PutAsync(1, [null!, change[1] with { Transaction = Guid.NewGuid() }]));
        byte[] altered = [.. change[1].Sealed];
        altered[20] ^= 1;
        NotAuthentic(await PutAsync(1, [null!, change[1] with { Sealed = altered }]));
        NotAuthentic(await PutAsync(1, [null!, change[1] with { Sealed = altered[1..] }]));
        Assert.Equal([ChangeState.Unknown, ChangeState.Unknown, ChangeState.Unknown], StatesOf(change));
        await NothingChangedAsync();

        static void NotAuthentic(PutAnswer answer) => Assert.Equal(PutFailureKind.NotAuthentic, answer.Failure!.Kind);
    }

    [Fact]
    public async Task Rows_that_the_table_has_not_and_tables_that_are_not_there_are_refused()
    {
        Assert.All(await PutAsync(_world.Change(37, Record(1), 0)), a => Assert.Equal(PutFailureKind.BadRequest, a.Failure!.Kind));
        Assert.All(await PutAsync(_world.Change(-1, Record(1), 0)), a => Assert.Equal(PutFailureKind.BadRequest, a.Failure!.Kind));
        PutRequest change = _world.Change(5, Record(1), 0)[1] with { TableVersion = Guid.NewGuid() };
        Assert.Equal(PutFailureKind.UnknownTable, (await PutAsync(1, [null!, change])).Failure!.Kind);
        await NothingChangedAsync();
    }

    [Fact]
    public async Task A_table_of_the_product_stock_is_not_changed()
    {
        await using InMemoryParties stock = await InMemoryParties.StartAsync(9, 11, _seed);
        PutAnswer answer = await stock.Parties[1].Tables.PutAsync(stock.Change(5, Record(1), 0)[1], CancellationToken.None);
        Assert.Equal(PutFailureKind.NotChangeable, answer.Failure!.Kind);
        Assert.Contains("--product beaver", answer.Failure.Message, StringComparison.Ordinal);
    }

    private byte[] Record(int number)
    {
        byte[] record = new byte[11];
        new Random(_seed + 1 + number).NextBytes(record);
        return record;
    }

    private Task<PutAnswer> PutAsync(int party, PutRequest[] change) => _world.Parties[party].Tables.PutAsync(change[party], CancellationToken.None);

    private Task<PutAnswer[]> PutAsync(PutRequest[] change) => Task.WhenAll(PutAsync(1, change), PutAsync(2, change), PutAsync(3, change));

    /// <summary>Lets the parties' patience run out, as often as it takes: who lacks a vote then asks for it.</summary>
    private async Task<T> AskingAsync<T>(Task<T> until)
    {
        await AskingAsync((Task)until);
        return await until;
    }

    private async Task AskingAsync(Task until)
    {
        while (!until.IsCompleted)
        {
            _world.Clock.Advance(new ExchangeOptions().PutPatience);
            await Task.WhenAny(until, Task.Delay(5));
        }

        await until;
    }

    private ChangeState[] StatesOf(PutRequest[] change) => [.. _world.Parties[1..].Select(p => p.Served.Changes!.Look(change[1].Transaction).State)];

    private async Task NothingChangedAsync()
    {
        Assert.All(_world.Parties[1..], p => Assert.Equal(0, p.Served.Revision));
        Assert.Equal(_world.Plain[5], await FetchAsync(5));
    }

    private async Task<byte[]> FetchAsync(int row)
    {
        QueryAnswer[] answers = await _world.AskAsync(row, _world.Lease(1 + row % 3));
        Assert.All(answers, a => Assert.True(a.AllAgreed, a.Failure?.Message));
        OpenedAnswer opened = Answering.OpenAnswer(Words(answers[0]), Words(answers[1]), Words(answers[2]));
        byte[] record = new byte[_world.Table.Shape.Bytes];
        RecordPacking.Unpack(opened.Words, record);
        return record;

        static ReadOnlySpan<uint> Words(QueryAnswer answer) => MemoryMarshal.Cast<byte, uint>(answer.Sealed.AsSpan());
    }
}
