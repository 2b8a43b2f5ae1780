using System.Runtime.InteropServices;
using Trident.Abstractions;
using Trident.Grains.Queries;
using Trident.Protocol.Product;
using Trident.Protocol.Tables;
using Xunit;
using Xunit.Abstractions;

namespace Trident.Grains.Tests;

/// <summary>Queries to a table of the product stock.</summary>
public sealed class StockQueryTests(ITestOutputHelper output) : QueryTests(output, TableDescription.StockProduct);

/// <summary>Queries to a table of the product beaver.</summary>
public sealed class BeaverQueryTests(ITestOutputHelper output) : QueryTests(output, TableDescription.BeaverProduct)
{
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(7)]
    public async Task Shares_of_another_revision_end_the_query_as_changed(int position)
    {
        World.Interceptor = (from, _, body) =>
        {
            if (from == 2)
            {
                body[position] ^= 1;
            }

            return body;
        };
        QueryAnswer[] answers = await World.AskAsync(3, World.Lease());
        Assert.Equal(QueryFailureKind.TableChanged, answers[0].Failure!.Kind);
        Assert.Equal(QueryFailureKind.TableChanged, answers[2].Failure!.Kind);
    }

    [Fact]
    public async Task A_lie_in_f_is_caught_to_its_last_word()
    {
        World.Interceptor = (from, _, body) =>
        {
            if (from == 3)
            {
                body[^4] ^= 1;
            }

            return body;
        };
        QueryAnswer[] answers = await World.AskAsync(3, World.Lease());
        Assert.Equal(QueryFailureKind.OffTheLine, answers[0].Failure!.Kind);
        Assert.Equal(QueryFailureKind.OffTheLine, answers[1].Failure!.Kind);
    }

    [Fact]
    public async Task A_message_of_another_length_is_refused()
    {
        World.Interceptor = (from, _, body) => from == 1 ? body[..^4] : body;
        QueryAnswer[] answers = await World.AskAsync(3, World.Lease());
        Assert.Contains("bytes where", answers[1].Failure!.Message, StringComparison.Ordinal);
        Assert.Equal(QueryFailureKind.OffTheLine, answers[2].Failure!.Kind);
    }
}

/// <summary>Queries through three whole parties in memory, with an interceptor between them.</summary>
public abstract class QueryTests(ITestOutputHelper output, string product) : IAsyncLifetime
{
    private readonly int _seed = Random.Shared.Next();
    private InMemoryParties _world = null!;

    private protected InMemoryParties World => _world;

    public async Task InitializeAsync()
    {
        output.WriteLine($"seed {_seed}");
        _world = await InMemoryParties.StartAsync(37, 11, _seed, product);
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Every_row_comes_back_and_all_three_agree()
    {
        for (int row = 0; row < _world.Plain.Length; row++)
        {
            QueryAnswer[] answers = await _world.AskAsync(row, _world.Lease(1 + row % 3));
            Assert.All(answers, a => Assert.True(a.AllAgreed, a.Failure?.Message));
            Assert.Equal(_world.Plain[row], Open(answers[0].Sealed, answers[1].Sealed, answers[2].Sealed));
        }
    }

    [Fact]
    public async Task Two_parties_answer_unverified_when_the_third_is_not_asked_or_gone()
    {
        QueryAnswer[] answers = await _world.AskAsync(5, _world.Lease(), [1, 2]);
        Assert.All(answers, a => Assert.False(a.AllAgreed));
        Assert.Equal(_world.Plain[5], Open(answers[0].Sealed, answers[1].Sealed, []));

        _world.Gone.Add(1);
        _world.Parties[2].Peers[1].Lost();
        _world.Parties[3].Peers[1].Lost();
        answers = await _world.AskAsync(6, _world.Lease(2), [2, 3]);
        Assert.Equal(_world.Plain[6], Open([], answers[0].Sealed, answers[1].Sealed));
    }

    [Fact]
    public async Task A_ticket_serves_once()
    {
        Ticket ticket = _world.Lease();
        Assert.All(await _world.AskAsync(1, ticket), a => Assert.Null(a.Failure));
        Assert.All(await _world.AskAsync(2, ticket), a => Assert.Equal(QueryFailureKind.UsedTicket, a.Failure!.Kind));
        Assert.All(_world.Parties[1..], p => Assert.Equal(1, p.Served.Ledger.RefusedUsed));
    }

    [Fact]
    public async Task A_ticket_of_no_batch_or_not_given_out_is_refused()
    {
        QueryAnswer unknown = (await _world.AskAsync(1, new Ticket(new BatchId(new byte[32]), 0), [1]))[0];
        Assert.Equal(QueryFailureKind.UnknownTicket, unknown.Failure!.Kind);
        Ticket leased = _world.Lease();
        QueryAnswer early = (await _world.AskAsync(1, leased with { Item = leased.Item + 3 }, [1]))[0];
        Assert.Contains("not given out", early.Failure!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_share_off_the_line_ends_the_query_and_names_the_check(int liar)
    {
        _world.Interceptor = (from, _, body) =>
        {
            if (from == liar)
            {
                body[8] ^= 1;
            }

            return body;
        };
        QueryAnswer[] answers = await _world.AskAsync(3, _world.Lease());
        foreach (int honest in Enumerable.Range(1, 3).Where(p => p != liar))
        {
            Assert.Equal(QueryFailureKind.OffTheLine, answers[honest - 1].Failure!.Kind);
            Assert.Contains("e-share check", answers[honest - 1].Failure!.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_key_of_the_wrong_size_version_or_party_is_refused_with_its_own_message()
    {
        string Message(QueryAnswer answer)
        {
            Assert.Equal(QueryFailureKind.BadKey, answer.Failure!.Kind);
            return answer.Failure.Message;
        }

        string[] messages =
        [
            Message((await _world.AskAsync(1, _world.Lease(), [1], (_, k) => k[..^1]))[0]),
            Message((await _world.AskAsync(1, _world.Lease(), [1], (_, k) => { k[4] ^= 0x40; return k; }))[0]),
            Message((await _world.AskAsync(1, _world.Lease(), [1], (_, _) => Protocol.Selection.SelectorKey.Generate(37, 1)[1].ToBytes()))[0]),
        ];
        Assert.Equal(3, messages.Distinct().Count());
        Assert.Equal(0, _world.Parties[1].Served.Ledger.Used);
    }

    [Fact]
    public async Task A_query_id_is_answered_once_and_an_unknown_table_is_refused()
    {
        QueryRequest request = new(Guid.NewGuid(), Guid.NewGuid(), 1, 7, new byte[100], 1000);
        Assert.Equal(QueryFailureKind.UnknownTable, (await _world.Parties[1].AskAsync(request)).Failure!.Kind);
        Assert.Equal(QueryFailureKind.AlreadyAnswered, (await _world.Parties[1].AskAsync(request)).Failure!.Kind);
        request = request with { TableVersion = _world.Table.Version, QueryId = Guid.NewGuid() };
        Assert.Equal(QueryFailureKind.BadRequest, (await _world.Parties[1].AskAsync(request)).Failure!.Kind);
        Assert.Equal(2, Interlocked.Read(ref _world.Parties[1].Counters.Failed));
    }

    private byte[] Open(byte[] z1, byte[] z2, byte[] z3)
    {
        OpenedAnswer opened = Answering.OpenAnswer(MemoryMarshal.Cast<byte, uint>(z1.AsSpan()), MemoryMarshal.Cast<byte, uint>(z2.AsSpan()), MemoryMarshal.Cast<byte, uint>(z3.AsSpan()));
        byte[] record = new byte[_world.Table.Shape.Bytes];
        RecordPacking.Unpack(opened.Words, record);
        return record;
    }
}
