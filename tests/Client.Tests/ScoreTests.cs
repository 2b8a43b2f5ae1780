using Trident.Abstractions;
using Trident.Protocol.Field;
using Trident.Protocol.Tables;
using Xunit;
using Xunit.Abstractions;

namespace Trident.Client.Tests;

/// <summary>Scores from three parties in memory: shares of vectors, answers in parts, and what a party can do wrong with them.</summary>
public sealed class ScoreTests(ITestOutputHelper output)
{
    private const int Wide = 2 * QueryAnswer.PartWords + 100;
    private readonly int _seed = Random.Shared.Next();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(50, 3)]
    [InlineData(Wide, 1)]
    [InlineData(QueryAnswer.PartWords + 50, 3)]
    public async Task Scores_are_those_of_the_plain_product(int columns, int count)
    {
        await using TestWorld world = await StartAsync(columns);
        uint[][] vectors = Vectors(count);
        ScoreAnswer answer = await world.Client.Fetcher.ScoreAsync(world.Table, vectors, CancellationToken.None);
        Assert.True(answer.Verified);
        Assert.Equal(1, answer.Attempts);
        Assert.Equal(Product(world, vectors), answer.Words);
        int parts = QueryAnswer.PartsOf((long)count * columns);
        Assert.All(world.Parties, p => Assert.Equal(Enumerable.Range(1, parts - 1), p.Parts.Order()));
        Assert.All(vectors, v => Assert.Contains(v, w => w != 0)); // they stay the caller's
    }

    [Fact]
    public async Task A_party_that_gives_no_further_part_is_done_without()
    {
        await using TestWorld world = await StartAsync(Wide);
        uint[][] vectors = Vectors(1);
        foreach (Func<int, QueryPart, CancellationToken, Task<QueryPart>> change in (Func<int, QueryPart, CancellationToken, Task<QueryPart>>[])
        [
            (_, _, _) => Task.FromResult(new QueryPart([], new QueryFailure(QueryFailureKind.Deadline, "dropped"))),
            (_, part, _) => Task.FromResult(part with { Sealed = [.. part.Sealed[..^1], (byte)(part.Sealed[^1] ^ 1)] }),
            (_, part, _) => Task.FromResult(part with { Sealed = part.Sealed[..^4] }),
            (_, _, _) => throw new IOException("gone"),
        ])
        {
            world.Parties[1].ChangePart = change;
            ScoreAnswer answer = await world.Client.Fetcher.ScoreAsync(world.Table, vectors, CancellationToken.None);
            Assert.False(answer.Verified);
            Assert.Equal(Product(world, vectors), answer.Words);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(Wide - 1)]
    public async Task A_lie_in_any_part_is_caught(int position)
    {
        await using TestWorld world = await StartAsync(Wide);
        world.Parties[2].Lie = z => z[position] = Mersenne31.Add(z[position], 1);
        AnswerCheckException e = await Assert.ThrowsAsync<AnswerCheckException>(() => world.Client.Fetcher.ScoreAsync(world.Table, Vectors(1), CancellationToken.None));
        Assert.Equal("answer line", e.Check);
    }

    [Fact]
    public async Task Bad_vectors_and_rows_of_a_score_table_are_refused_at_once()
    {
        await using TestWorld world = await StartAsync(50);
        Fetcher fetcher = world.Client.Fetcher;
        await Assert.ThrowsAsync<ArgumentException>(() => fetcher.ScoreAsync(world.Table, [], CancellationToken.None));
        await Assert.ThrowsAsync<ArgumentException>(() => fetcher.ScoreAsync(world.Table, [new uint[8]], CancellationToken.None));
        await Assert.ThrowsAsync<ArgumentException>(() => fetcher.ScoreAsync(world.Table, [[1, 2, 3, 4, 5, 6, 7, 8, Mersenne31.P]], CancellationToken.None));
        await Assert.ThrowsAsync<UnknownTableException>(() => world.Client.FetchAsync("vectors", 1));
        Assert.All(world.Parties, p => Assert.Empty(p.Requests));
    }

    private Task<TestWorld> StartAsync(int columns)
    {
        output.WriteLine($"seed {_seed}");
        return TestWorld.StartAsync(_seed, rows: 9, shape: new RecordShape(ElementKind.Word, columns));
    }

    private uint[][] Vectors(int count)
    {
        Random random = new(_seed + 1);
        return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, 9).Select(_ => (uint)random.Next(int.MaxValue)).ToArray())];
    }

    private static uint[] Product(TestWorld world, uint[][] vectors)
    {
        uint[] product = new uint[vectors.Length * world.Table.Words];
        ProductKernel.Multiply([.. vectors.SelectMany(v => v)], vectors.Length, world.Matrix, world.Table.Rows, world.Table.Words, product);
        return product;
    }
}
