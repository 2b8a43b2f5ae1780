using System.Runtime.InteropServices;
using Trident.Abstractions;
using Trident.Grains.Queries;
using Trident.Protocol.Field;
using Trident.Protocol.Product;
using Xunit;
using Xunit.Abstractions;

namespace Trident.Grains.Tests;

/// <summary>Queries to a score table through three whole parties in memory, every word compared with the plain product.</summary>
public sealed class ScoreQueryTests(ITestOutputHelper output)
{
    private readonly int _seed = Random.Shared.Next();

    [Theory]
    [InlineData(9, 1, 1)]
    [InlineData(9, 500, 1)]
    [InlineData(9, 500, 7)]
    [InlineData(5, 300_000, 1)] // two parts
    [InlineData(5, 300_000, 3)] // four parts
    [InlineData(2, QueryAnswer.PartWords, 2)] // two whole parts
    public async Task Every_score_is_right_and_all_three_agree(int rows, int columns, int count)
    {
        await using InMemoryParties world = await StartAsync(rows, columns);
        for (int round = 0; round < 2; round++)
        {
            uint[][] vectors = Vectors(rows, count, round);
            QueryAnswer[] answers = await world.AskAsync(vectors, await LeaseAsync(world, count, 1 + round));
            Assert.All(answers, a => Assert.True(a.AllAgreed, a.Failure?.Message));
            Assert.All(answers, a => Assert.Equal((count * columns + QueryAnswer.PartWords - 1) / QueryAnswer.PartWords, a.Parts));
            OpenedAnswer opened = Answering.OpenAnswer(Words(answers[0]), Words(answers[1]), Words(answers[2]));
            Assert.True(opened.AllAgreed);
            Assert.Equal(Product(world, vectors), opened.Words);
        }

        Assert.All(world.Parties[1..], p => Assert.Equal(0, p.Waiting.BytesHeld));
    }

    [Fact]
    public async Task Two_parties_answer_and_say_so()
    {
        await using InMemoryParties world = await StartAsync(9, 300_000);
        uint[][] vectors = Vectors(9, 1);
        QueryAnswer[] answers = await world.AskAsync(vectors, await LeaseAsync(world, 1), [1, 3]);
        Assert.All(answers, a => Assert.False(a.AllAgreed));
        Assert.Equal(Product(world, vectors), Answering.OpenAnswer(Words(answers[0]), [], Words(answers[1])).Words);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_lying_party_is_caught(int liar)
    {
        await using InMemoryParties world = await StartAsync(9, 50);
        world.Interceptor = (from, _, body) =>
        {
            if (from == liar)
            {
                body[5] ^= 1;
            }

            return body;
        };
        QueryAnswer[] answers = await world.AskAsync(Vectors(9, 1), await LeaseAsync(world, 1));
        Assert.All(Enumerable.Range(1, 3).Where(p => p != liar), p => Assert.Equal(QueryFailureKind.OffTheLine, answers[p - 1].Failure!.Kind));
    }

    [Fact]
    public async Task A_vector_of_another_length_or_range_is_refused_before_stock_is_used()
    {
        await using InMemoryParties world = await StartAsync(9, 50);
        Ticket[] ticket = await LeaseAsync(world, 1);
        foreach (Func<int, byte[], byte[]> change in (Func<int, byte[], byte[]>[])[(_, k) => k[..^4], (_, k) => k[..^1], (_, k) => [.. k[..^4], 0xff, 0xff, 0xff, 0x7f]])
        {
            QueryAnswer[] answers = await world.AskAsync(Vectors(9, 1), ticket, changeKey: change);
            Assert.All(answers, a => Assert.Equal(QueryFailureKind.BadKey, a.Failure!.Kind));
        }

        // Longer than the table implies: not even opened.
        QueryAnswer[] longer = await world.AskAsync(Vectors(9, 1), ticket, changeKey: (_, k) => [.. k, 0, 0, 0, 0]);
        Assert.All(longer, a => Assert.Equal(QueryFailureKind.BadRequest, a.Failure!.Kind));
        Assert.All(await world.AskAsync(3, ticket[0]), a => Assert.Equal(QueryFailureKind.BadRequest, a.Failure!.Kind)); // a selector key
        Assert.All(await world.AskAsync(Vectors(9, 1), ticket), a => Assert.Null(a.Failure));
    }

    [Fact]
    public async Task A_query_for_too_many_is_refused()
    {
        await using InMemoryParties world = await StartAsync(2, 300_000);
        int most = QueryLimits.MaxRows(world.Table);
        Assert.Equal((1 << 20) / 300_000, most);
        Ticket[] tickets = [.. Enumerable.Repeat((await LeaseAsync(world, 1))[0], most + 1)];
        Assert.All(await world.AskAsync(Vectors(2, most + 1), tickets), a => Assert.Equal(QueryFailureKind.BadRequest, a.Failure!.Kind));
    }

    [Fact]
    public async Task A_part_is_given_once()
    {
        await using InMemoryParties world = await StartAsync(2, 600_000);
        world.Collect = false;
        QueryAnswer answer = (await world.AskAsync(Vectors(2, 1), await LeaseAsync(world, 1), [1, 2], deadline: 60_000))[0];
        Assert.Equal(3, answer.Parts);
        Guid id = new(answer.Sealed);
        WaitingAnswers waiting = world.Parties[1].Waiting;
        Assert.Equal(2_400_000, waiting.BytesHeld);
        Assert.Null(waiting.Take(id, 2, out bool last).Failure);
        Assert.False(last);
        Assert.Equal(QueryFailureKind.AlreadyAnswered, waiting.Take(id, 2, out _).Failure!.Kind);
        Assert.Equal(QueryFailureKind.BadRequest, waiting.Take(id, 0, out _).Failure!.Kind);
        Assert.Equal(QueryFailureKind.BadRequest, waiting.Take(id, 3, out _).Failure!.Kind);
        Assert.Null(waiting.Take(id, 1, out last).Failure);
        Assert.True(last);
        Assert.Equal((0L, 0L), (waiting.BytesHeld, waiting.Dropped));
    }

    [Fact]
    public async Task Abandoned_parts_go_at_the_deadline()
    {
        await using InMemoryParties world = await StartAsync(2, 600_000);
        world.Collect = false;
        WaitingAnswers waiting = world.Parties[1].Waiting;
        Guid id = default;

        // A busy machine may not answer within a short deadline; then a longer one is tried.
        for (int deadline = 500; id == default; deadline *= 2)
        {
            Assert.True(deadline <= 64_000, "no answer within a minute");
            QueryAnswer answer = (await world.AskAsync(Vectors(2, 1), await LeaseAsync(world, 1), [1, 2], deadline: deadline))[0];
            Assert.True(answer.Failure is null or { Kind: QueryFailureKind.Deadline }, answer.Failure?.Message);
            id = answer.Failure is null ? new Guid(answer.Sealed) : default;
        }

        // Room that is free again is the sign that the answer went.
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(2));
        using (await waiting.RoomAsync(256 << 20, limit.Token))
        {
            Assert.Equal(1, waiting.Dropped);
        }

        Assert.NotNull(waiting.Take(id, 1, out _).Failure);
    }

    [Fact]
    public async Task A_query_without_room_waits_for_it_and_keeps_its_ticket_at_its_deadline()
    {
        await using InMemoryParties world = await InMemoryParties.StartScoresAsync(2, 300_000, Seed(), answerBytes: 1_200_000);
        IDisposable room = await world.Parties[1].Waiting.RoomAsync(1, CancellationToken.None);
        Ticket[] ticket = await LeaseAsync(world, 1);
        QueryAnswer refused = (await world.AskAsync(Vectors(2, 1), ticket, [1], deadline: 300))[0];
        Assert.Equal(QueryFailureKind.Deadline, refused.Failure!.Kind);
        Task<QueryAnswer[]> waits = world.AskAsync(Vectors(2, 1), ticket, deadline: 60_000);
        room.Dispose();
        Assert.All(await waits, a => Assert.True(a.AllAgreed, a.Failure?.Message));
        QueryAnswer large = (await world.AskAsync(Vectors(2, 2), await LeaseAsync(world, 2), [1]))[0];
        Assert.Equal(QueryFailureKind.Overloaded, large.Failure!.Kind);
    }

    private Task<InMemoryParties> StartAsync(int rows, int columns) => InMemoryParties.StartScoresAsync(rows, columns, Seed());

    private int Seed()
    {
        output.WriteLine($"seed {_seed}");
        return _seed;
    }

    private uint[][] Vectors(int rows, int count, int round = 0)
    {
        Random random = new(_seed + round + 1);
        return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, rows).Select(_ => (uint)random.Next(int.MaxValue)).ToArray())];
    }

    /// <summary>Tickets of a party; waits until it has as many.</summary>
    private static async Task<Ticket[]> LeaseAsync(InMemoryParties world, int count, int party = 1)
    {
        List<Ticket> tickets = [];
        while (true)
        {
            Task changed = world.Parties[party].Served.StockChanged;
            if (world.Parties[party].Served.Ledger.TryLease(party, count, tickets) && tickets.Count == count)
            {
                return [.. tickets];
            }

            await changed.WaitAsync(TimeSpan.FromSeconds(60));
        }
    }

    private static ReadOnlySpan<uint> Words(QueryAnswer answer) => MemoryMarshal.Cast<byte, uint>(answer.Sealed.AsSpan());

    private static uint[] Product(InMemoryParties world, uint[][] vectors)
    {
        uint[] matrix = [.. world.Plain.SelectMany(r => MemoryMarshal.Cast<byte, uint>(r.AsSpan()).ToArray())];
        uint[] product = new uint[vectors.Length * world.Table.Words];
        ProductKernel.Multiply([.. vectors.SelectMany(v => v)], vectors.Length, matrix, world.Table.Rows, world.Table.Words, product);
        return product;
    }
}
