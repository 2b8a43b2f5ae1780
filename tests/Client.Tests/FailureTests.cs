using Trident.Abstractions;
using Xunit;

namespace Trident.Client.Tests;

/// <summary>Parties that are slow, gone, refuse or lie.</summary>
public sealed class FailureTests
{
    [Fact]
    public async Task Two_answers_are_enough_and_the_silent_party_is_not_asked_again_until_it_is_back()
    {
        await using TestWorld world = await TestWorld.StartAsync(options: TestWorld.Options(grace: 20));
        MemoryParty third = world.Parties[2];
        third.BeforeAnswer = MemoryParty.Forever;
        third.StatusDown = true;
        FetchResult result = await world.Client.FetchAsync("vectors", 7);
        Assert.Equal(world.Plain[7], result.Records[0]);
        Assert.False(result.Verified);
        Assert.Equal(default, result.Phases[2]);

        int asked = third.Requests.Count;
        for (int i = 0; i < 5; i++)
        {
            result = await world.Client.FetchAsync("vectors", i);
            Assert.Equal(world.Plain[i], result.Records[0]);
            Assert.False(result.Verified);
        }

        Assert.Equal(asked, third.Requests.Count);
        Assert.Equal(3, world.Parties[0].Requests.Last().ParticipantsMask);

        third.BeforeAnswer = _ => Task.CompletedTask;
        third.StatusDown = false;
        await Until.SoAsync(async () => (await world.Client.FetchAsync("vectors", 1)).Verified);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_party_that_was_late_or_failed_once_is_not_asked_until_a_probe_succeeds(bool late)
    {
        await using TestWorld world = await TestWorld.StartAsync(options: TestWorld.Options(grace: 20, probeInterval: 300_000));
        MemoryParty third = world.Parties[2];
        TaskCompletionSource answers = new(TaskCreationOptions.RunContinuationsAsynchronously);
        third.BeforeStatus = answers.Task.WaitAsync;
        third.BeforeAnswer = late ? MemoryParty.Forever : _ => throw new IOException("once");
        await world.Client.FetchAsync("vectors", 7);
        await Until.SoAsync(() => Task.FromResult(!world.Client.Parties[2].Up));
        third.BeforeAnswer = _ => Task.CompletedTask;
        Assert.False((await world.Client.FetchAsync("vectors", 7)).Verified);
        Assert.Single(third.Requests);

        // The probe that the suspicion began, not the next regular one, brings it back.
        answers.SetResult();
        await Until.SoAsync(() => Task.FromResult(world.Client.Parties[2].Up));
        await Until.SoAsync(async () => (await world.Client.FetchAsync("vectors", 7)).Verified);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Any_one_party_may_be_missing_from_the_start(int missing)
    {
        await using TestWorld world = await TestWorld.StartAsync(prepare: w => w.Parties[missing].Down = true);
        for (int i = 0; i < 20; i++)
        {
            FetchResult result = await world.Client.FetchAsync("vectors", i);
            Assert.Equal(world.Plain[i], result.Records[0]);
            Assert.False(result.Verified);
        }

        Assert.Equal(missing + 1, Assert.Single(world.Client.Parties, p => !p.Up).Party);
        world.Parties[missing].Down = false;
        await Until.SoAsync(async () => (await world.Client.FetchAsync("vectors", 1)).Verified);
    }

    [Fact]
    public async Task One_party_alone_is_too_few()
    {
        await using TestWorld world = await TestWorld.StartAsync();
        await world.Client.FetchAsync("vectors", 7);
        world.Parties[0].Down = world.Parties[2].Down = true;
        TooFewPartiesException e = await Assert.ThrowsAsync<TooFewPartiesException>(() => world.Client.FetchAsync("vectors", 7));
        Assert.Contains("party 1 is down", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_party_alone_is_too_few_to_connect() =>
        await Assert.ThrowsAsync<TooFewPartiesException>(() => TestWorld.StartAsync(
            prepare: w => w.Parties[0].Down = w.Parties[1].Down = true,
            options: new TridentClientOptions { DeploymentDirectory = "none", ConnectTimeout = TimeSpan.FromMilliseconds(50) }));

    [Fact]
    public async Task A_call_that_hangs_ends_when_its_party_goes_down()
    {
        await using TestWorld world = await TestWorld.StartAsync();
        foreach (MemoryParty party in world.Parties.Take(2))
        {
            party.BeforeAnswer = ct => { party.StatusDown = true; return MemoryParty.Forever(ct); };
        }

        await Assert.ThrowsAsync<TooFewPartiesException>(() => world.Client.FetchAsync("vectors", 7));
    }

    [Theory]
    [InlineData(QueryFailureKind.UnknownTicket)]
    [InlineData(QueryFailureKind.UsedTicket)]
    [InlineData(QueryFailureKind.NoPeers)]
    [InlineData(QueryFailureKind.NoStock)]
    [InlineData(QueryFailureKind.AlreadyAnswered)]
    public async Task What_a_fresh_attempt_mends_is_tried_again(QueryFailureKind kind)
    {
        await using TestWorld world = await TestWorld.StartAsync();
        foreach (MemoryParty party in world.Parties)
        {
            party.Refuse = _ => party.Requests.Count < 3 ? new QueryFailure(kind, "no") : null;
        }

        FetchResult result = await world.Client.FetchAsync("vectors", [7, 8]);
        Assert.Equal([world.Plain[7], world.Plain[8]], result.Records);
        Assert.Equal(3, result.Attempts);
        Assert.True(result.Verified);
        foreach (MemoryParty party in world.Parties)
        {
            Assert.Equal(3, party.Requests.Select(r => r.QueryId).Distinct().Count());
            Assert.Equal(6, party.Tickets.Distinct().Count());
        }
    }

    [Theory]
    [InlineData(QueryFailureKind.UsedTicket)]
    [InlineData(QueryFailureKind.Internal)]
    public async Task Attempts_have_an_end(QueryFailureKind kind)
    {
        await using TestWorld world = await TestWorld.StartAsync();
        Array.ForEach(world.Parties, p => p.Refuse = _ => new QueryFailure(kind, "no"));
        QueryRefusedException e = await Assert.ThrowsAsync<QueryRefusedException>(() => world.Client.FetchAsync("vectors", 7));
        Assert.Equal(kind, e.Kind);
        Assert.All(world.Parties, p => Assert.Equal(3, p.Requests.Count));
    }

    [Theory]
    [InlineData(QueryFailureKind.BadKey)]
    [InlineData(QueryFailureKind.BadRequest)]
    [InlineData(QueryFailureKind.Overloaded)]
    public async Task What_stays_wrong_is_not_tried_again(QueryFailureKind kind)
    {
        await using TestWorld world = await TestWorld.StartAsync();
        Array.ForEach(world.Parties, p => p.Refuse = _ => new QueryFailure(kind, "the reason"));
        QueryRefusedException e = await Assert.ThrowsAsync<QueryRefusedException>(() => world.Client.FetchAsync("vectors", 7));
        Assert.Equal(kind, e.Kind);
        Assert.Contains("the reason", e.Message, StringComparison.Ordinal);
        Assert.All(world.Parties, p => Assert.True(p.Requests.Count <= 1));
    }

    [Fact]
    public async Task One_party_that_refuses_is_outvoted()
    {
        await using TestWorld world = await TestWorld.StartAsync();
        world.Parties[1].Refuse = _ => new QueryFailure(QueryFailureKind.Internal, "no");
        FetchResult result = await world.Client.FetchAsync("vectors", 7);
        Assert.Equal(world.Plain[7], result.Records[0]);
        Assert.False(result.Verified);
        Assert.Equal(1, result.Attempts);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_lie_in_an_answer_is_caught_and_not_tried_again(int liar)
    {
        await using TestWorld world = await TestWorld.StartAsync();
        world.Parties[liar].Lie = z => z[^1] ^= 1;
        AnswerCheckException e = await Assert.ThrowsAsync<AnswerCheckException>(() => world.Client.FetchAsync("vectors", 7));
        Assert.Equal("answer line", e.Check);
        Assert.Single(world.Parties[0].Requests);
    }

    [Fact]
    public async Task A_word_outside_the_field_is_caught()
    {
        await using TestWorld world = await TestWorld.StartAsync();
        world.Parties[1].Lie = z => z[0] = 0x7fffffff;
        Assert.Equal("answer range", (await Assert.ThrowsAsync<AnswerCheckException>(() => world.Client.FetchAsync("vectors", 7))).Check);
    }

    [Fact]
    public async Task Shares_off_the_line_at_a_party_end_the_query()
    {
        await using TestWorld world = await TestWorld.StartAsync();
        world.Parties[0].Refuse = _ => new QueryFailure(QueryFailureKind.OffTheLine, "e-share check");
        Array.ForEach(world.Parties[1..], p => p.BeforeAnswer = MemoryParty.Forever);
        AnswerCheckException e = await Assert.ThrowsAsync<AnswerCheckException>(() => world.Client.FetchAsync("vectors", 7));
        Assert.Equal("e-share line", e.Check);
        Assert.Single(world.Parties[0].Requests);
    }

    [Fact]
    public async Task An_answer_that_does_not_open_counts_as_none()
    {
        await using TestWorld world = await TestWorld.StartAsync();
        world.Parties[0].Change = a => { a.Sealed[^1] ^= 1; return a; };
        FetchResult result = await world.Client.FetchAsync("vectors", 7);
        Assert.Equal(world.Plain[7], result.Records[0]);
        Assert.False(result.Verified);
    }

    [Fact]
    public async Task An_answer_that_saw_two_shares_only_is_not_called_verified()
    {
        await using TestWorld world = await TestWorld.StartAsync();
        world.Parties[1].Change = a => a with { AllAgreed = false };
        Assert.False((await world.Client.FetchAsync("vectors", 7)).Verified);
    }

    [Fact]
    public async Task Stock_that_never_comes_ends_at_the_deadline_and_says_so()
    {
        await using TestWorld world = await TestWorld.StartAsync(options: TestWorld.Options(deadline: 300));
        Array.ForEach(world.Parties, p => p.RefuseLease = () => new QueryFailure(QueryFailureKind.NoStock, "nothing left"));
        DeadlineExceededException e = await Assert.ThrowsAsync<DeadlineExceededException>(() => world.Client.FetchAsync("vectors", 7));
        Assert.Contains("nothing left", e.Message, StringComparison.Ordinal);
        Assert.All(world.Parties, p => Assert.True(p.Leases > 0));
    }

    [Fact]
    public async Task Stock_of_one_party_is_enough()
    {
        await using TestWorld world = await TestWorld.StartAsync();
        Array.ForEach(world.Parties[1..], p => p.RefuseLease = () => new QueryFailure(QueryFailureKind.NoStock, "nothing left"));
        for (int i = 0; i < 40; i++)
        {
            Assert.Equal(world.Plain[i], (await world.Client.FetchAsync("vectors", i)).Records[0]);
        }
    }

    [Fact]
    public async Task A_table_that_no_party_serves_is_refused_and_one_that_some_serve_is_not()
    {
        await using TestWorld world = await TestWorld.StartAsync();
        QueryFailure unknown = new(QueryFailureKind.UnknownTable, "not here");
        world.Parties[0].RefuseLease = () => unknown;
        world.Parties[0].Refuse = _ => unknown;
        Assert.Equal(world.Plain[7], (await world.Client.FetchAsync("vectors", 7)).Records[0]);

        Array.ForEach(world.Parties, p => p.Refuse = _ => unknown);
        Array.ForEach(world.Parties, p => p.RefuseLease = () => unknown);
        QueryRefusedException e = await Assert.ThrowsAsync<QueryRefusedException>(() => world.Client.FetchAsync("vectors", 7));
        Assert.Equal(QueryFailureKind.UnknownTable, e.Kind);
    }

    [Fact]
    public async Task The_caller_may_give_up()
    {
        await using TestWorld world = await TestWorld.StartAsync();
        using CancellationTokenSource enough = new();
        Array.ForEach(world.Parties, p => p.BeforeAnswer = ct => { enough.Cancel(); return MemoryParty.Forever(ct); });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => world.Client.FetchAsync("vectors", 7, enough.Token));
    }
}
