using CsCheck;
using Trident.Abstractions;
using Xunit;

namespace Trident.Client.Tests;

/// <summary>Fetches where all goes well, and questions that are wrong.</summary>
public sealed class FetchTests
{
    [Fact]
    public async Task Any_rows_of_any_table_come_back()
    {
        Gen<(int Rows, int Dimension, int Seed)> worlds = Gen.Select(Gen.Int[1, 70], Gen.Int[1, 40], Gen.Int[0, 1 << 20]);
        await worlds.SampleAsync(async w =>
        {
            await using TestWorld world = await TestWorld.StartAsync(w.Seed, w.Rows, w.Dimension);
            Random random = new(w.Seed);
            int[] rows = [.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => random.Next(w.Rows))];
            FetchResult result = await world.Client.FetchAsync("vectors", rows);
            return result.Verified && result.Attempts == 1 && result.Table == world.Table
                && rows.Zip(result.Records).All(x => world.Plain[x.First].AsSpan().SequenceEqual(x.Second));
        }, iter: 20);
    }

    [Fact]
    public async Task Parallel_fetches_never_share_a_ticket_or_a_query_id()
    {
        await using TestWorld world = await TestWorld.StartAsync(options: TestWorld.Options(ahead: 5));
        await Parallel.ForEachAsync(Enumerable.Range(0, 200), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, ct) =>
        {
            FetchResult result = await world.Client.FetchAsync("vectors", i % 50, ct);
            Assert.Equal(world.Plain[i % 50], result.Records[0]);
            Assert.True(result.Verified);
        });
        foreach (MemoryParty party in world.Parties)
        {
            Assert.Equal(200, party.Tickets.Distinct().Count());
            Assert.Equal(200, party.Requests.Select(r => r.QueryId).Distinct().Count());
            Assert.True(party.Leases > 0, $"party {party.Number} was never asked for tickets");
        }
    }

    [Fact]
    public async Task The_most_rows_that_are_allowed_come_back_in_one_query()
    {
        await using TestWorld world = await TestWorld.StartAsync();
        int[] rows = [.. Enumerable.Range(0, 1024).Select(i => i * 31 % 50)];
        FetchResult result = await world.Client.FetchAsync("vectors", rows);
        Assert.Equal(rows.Select(r => world.Plain[r]), result.Records);
        Assert.Single(world.Parties[0].Requests);
    }

    [Fact]
    public async Task Costs_are_told()
    {
        await using TestWorld world = await TestWorld.StartAsync();
        FetchResult result = await world.Client.FetchAsync("vectors", 3);
        Assert.Equal(100, result.BytesToEachPeer);
        Assert.Equal([1, 2, 3], result.Phases.Select(p => p.ReconstructionMs));
    }

    [Fact]
    public async Task Wrong_questions_reach_no_party()
    {
        await using TestWorld world = await TestWorld.StartAsync();
        await Assert.ThrowsAsync<RowOutOfRangeException>(() => world.Client.FetchAsync("vectors", 50));
        await Assert.ThrowsAsync<RowOutOfRangeException>(() => world.Client.FetchAsync("vectors", -1));
        await Assert.ThrowsAsync<RowOutOfRangeException>(() => world.Client.FetchAsync("vectors", [1, 2, int.MaxValue]));
        UnknownTableException unknown = await Assert.ThrowsAsync<UnknownTableException>(() => world.Client.FetchAsync("vector", 0));
        Assert.Contains("vectors", unknown.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => world.Client.FetchAsync("vectors", []));
        await Assert.ThrowsAsync<ArgumentException>(() => world.Client.FetchAsync("vectors", new int[1025]));
        Assert.All(world.Parties, p => Assert.Empty(p.Requests));
    }

    [Fact]
    public async Task Status_and_readiness_say_what_is_missing()
    {
        await using TestWorld world = await TestWorld.StartAsync();
        Assert.True(await world.Client.WaitReadyAsync(CancellationToken.None));
        Assert.All(await world.Client.StatusAsync(), Assert.NotNull);

        world.Parties[1].Stock = 0;
        Readiness dry = await world.Client.WaitReadyAsync(TimeSpan.FromMilliseconds(300));
        Assert.False(dry.IsReady);
        Assert.Contains("party 2 has no stock", dry.Reason, StringComparison.Ordinal);

        world.Parties[2].Down = true;
        PartyStatus?[] status = await world.Client.StatusAsync();
        Assert.Equal([false, false, true], status.Select(s => s is null));
        Assert.Equal([true, true, false], world.Client.Parties.Select(p => p.Up));
    }

    [Fact]
    public async Task A_disposed_client_says_so()
    {
        TestWorld world = await TestWorld.StartAsync();
        Array.ForEach(world.Parties, p => p.BeforeAnswer = MemoryParty.Forever);
        Task<FetchResult> underWay = world.Client.FetchAsync("vectors", 0);
        await world.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => underWay);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => world.Client.FetchAsync("vectors", 0));
    }
}
