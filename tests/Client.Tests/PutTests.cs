using System.Collections.Concurrent;
using Trident.Abstractions;
using Trident.Protocol.Field;
using Trident.Protocol.Sealing;
using Trident.Protocol.Sharing;
using Trident.Protocol.Tables;
using Xunit;

namespace Trident.Client.Tests;

/// <summary>What the client makes of what the parties say to a change.</summary>
public class PutTests
{
    private static readonly byte[] Record = [1, 2, 3, 4, 5, 6, 7, 8, 9];

    [Fact]
    public async Task Each_party_gets_its_own_share_of_the_row_sealed_to_it()
    {
        await using TestWorld world = await StartAsync();
        ConcurrentDictionary<int, PutRequest> requests = new();
        foreach (MemoryParty party in world.Parties)
        {
            party.Revision = 4;
            party.Put = (request, _) =>
            {
                requests[party.Number] = request;
                return Task.FromResult(new PutAnswer(5, null));
            };
        }

        Assert.Equal(5, await PutAsync(world));
        RowChange[] changes = [.. Enumerable.Range(1, 3).Select(p =>
        {
            using ChangeSeal seal = world.Identity(p).DeriveChangeSeal(world.Owner.PublicKey);
            using ChangeSeal other = world.Identity(p % 3 + 1).DeriveChangeSeal(world.Owner.PublicKey);
            Assert.Throws<SealingException>(() => other.Open(requests[p].Sealed, world.Table.Words, world.Table.Version, requests[p].Transaction));
            return seal.Open(requests[p].Sealed, world.Table.Words, world.Table.Version, requests[p].Transaction);
        })];
        Assert.All(changes, c => Assert.Equal((4L, 7), (c.Revision, c.Row)));
        Assert.True(Shamir.OnALine(changes[0].Words, changes[1].Words, changes[2].Words));
        uint[] words = new uint[world.Table.Words];
        Shamir.OpenLine(1, changes[0].Words, 2, changes[1].Words, words);
        byte[] record = new byte[9];
        RecordPacking.Unpack(words, record);
        Assert.Equal(Record, record);
        Assert.True(FieldVector.AllBelowP(changes[2].Words));
        Assert.Single(requests.Values.Select(r => r.Transaction).Distinct());
    }

    [Fact]
    public async Task The_reason_told_is_that_of_the_party_that_had_one()
    {
        await using TestWorld world = await StartAsync();
        Answer(world, PutAnswer.Refused(PutFailureKind.PeerRefused, "another"), PutAnswer.Refused(PutFailureKind.Conflict, "mine."), PutAnswer.Refused(PutFailureKind.PeerRefused, "another"));
        PutRefusedException e = await Assert.ThrowsAsync<PutRefusedException>(() => PutAsync(world));
        Assert.Equal(PutFailureKind.Conflict, e.Kind);
        Assert.Equal("mine. Nothing was changed at any party.", e.Message);
    }

    [Fact]
    public async Task An_answer_that_is_lost_is_made_up_for_by_the_status()
    {
        await using TestWorld world = await StartAsync();
        Answer(world, new PutAnswer(1, null), PutAnswer.Refused(PutFailureKind.Undecided, "waits"), null);
        foreach (MemoryParty party in world.Parties)
        {
            Func<PutRequest, CancellationToken, Task<PutAnswer>> put = party.Put;
            party.Put = (request, ct) =>
            {
                party.Revision = 1;
                return put(request, ct);
            };
        }

        Assert.Equal(1, await PutAsync(world));
    }

    [Theory]
    [InlineData(PutFailureKind.Undecided)]
    [InlineData(PutFailureKind.Internal)]
    public async Task What_nobody_knows_the_end_of_is_said_to_be_unknown(PutFailureKind kind)
    {
        await using TestWorld world = await StartAsync();
        Answer(world, null, PutAnswer.Refused(kind, "waits"), PutAnswer.Refused(kind, "waits"));
        PutOutcomeUnknownException e = await Assert.ThrowsAsync<PutOutcomeUnknownException>(() => PutAsync(world));
        Assert.Contains("revision is 1 or more", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_party_that_does_not_follow_in_time_is_told_of()
    {
        await using TestWorld world = await StartAsync(TestWorld.Options(deadline: 500));
        Answer(world, new PutAnswer(1, null), new PutAnswer(1, null), PutAnswer.Refused(PutFailureKind.Undecided, "waits"));
        PutOutcomeUnknownException e = await Assert.ThrowsAsync<PutOutcomeUnknownException>(() => PutAsync(world));
        Assert.Contains("is made, but not yet at all parties", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_three_must_be_up_and_nobody_is_asked_otherwise()
    {
        await using TestWorld world = await StartAsync();
        int asked = 0;
        foreach (MemoryParty party in world.Parties)
        {
            party.Put = (_, _) =>
            {
                Interlocked.Increment(ref asked);
                return Task.FromResult(new PutAnswer(1, null));
            };
        }

        world.Parties[1].Down = true;
        TooFewPartiesException e = await Assert.ThrowsAsync<TooFewPartiesException>(() => PutAsync(world));
        Assert.Contains("party 2 is down", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, asked);
    }

    [Fact]
    public async Task Mistakes_of_the_caller_have_messages_of_their_own()
    {
        await using TestWorld world = await StartAsync();
        await Assert.ThrowsAsync<RowOutOfRangeException>(() => world.Client.PutAsync("vectors", 50, Record, world.Owner));
        await Assert.ThrowsAsync<RowOutOfRangeException>(() => world.Client.PutAsync("vectors", -1, Record, world.Owner));
        await Assert.ThrowsAsync<UnknownTableException>(() => world.Client.PutAsync("others", 1, Record, world.Owner));
        await Assert.ThrowsAsync<ArgumentException>(() => world.Client.PutAsync("vectors", 7, Record.AsMemory(1), world.Owner));
        using OwnerIdentity stranger = OwnerIdentity.Generate(world.Descriptor.Deployment), foreign = OwnerIdentity.Generate(Guid.NewGuid());
        Assert.Equal(PutFailureKind.NotAuthentic, (await Assert.ThrowsAsync<PutRefusedException>(() => world.Client.PutAsync("vectors", 7, Record, stranger))).Kind);
        await Assert.ThrowsAsync<ArgumentException>(() => world.Client.PutAsync("vectors", 7, Record, foreign));

        await using TestWorld stock = await TestWorld.StartAsync();
        PutRefusedException e = await Assert.ThrowsAsync<PutRefusedException>(() => stock.Client.PutAsync("vectors", 7, Record, stock.Owner));
        Assert.Equal(PutFailureKind.NotChangeable, e.Kind);
        Assert.Contains("--product beaver", e.Message, StringComparison.Ordinal);
    }

    private static Task<TestWorld> StartAsync(TridentClientOptions? options = null) =>
        TestWorld.StartAsync(options: options, product: TableDescription.BeaverProduct);

    private static Task<long> PutAsync(TestWorld world) => world.Client.PutAsync("vectors", 7, Record, world.Owner);

    /// <summary>What parties 1 to 3 answer; null: the call fails.</summary>
    private static void Answer(TestWorld world, params PutAnswer?[] answers)
    {
        foreach (MemoryParty party in world.Parties)
        {
            PutAnswer? answer = answers[party.Number - 1];
            party.Put = (_, _) => answer is null ? throw new IOException("lost") : Task.FromResult(answer);
        }
    }
}
