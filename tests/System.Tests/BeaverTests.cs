using Trident.Abstractions;
using Trident.Client;
using Trident.Protocol.Sealing;
using Trident.Protocol.Tables;
using Xunit;
using Xunit.Abstractions;

namespace Trident.System.Tests;

/// <summary>A table of the product beaver at three real silos.</summary>
public sealed class BeaverTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Every_answer_is_right_at_every_concurrency()
    {
        await using TestDeployment deployment = new(product: TableDescription.BeaverProduct) { Grace = TimeSpan.FromSeconds(10) };
        output.WriteLine($"seed {deployment.Seed}");
        await deployment.StartAsync();
        await using TridentClient client = await deployment.ConnectAsync();
        Readiness readiness = await client.WaitReadyAsync(TimeSpan.FromSeconds(60));
        Assert.True(readiness.IsReady, readiness.Reason);
        foreach (int concurrency in (int[])[1, 4, 16])
        {
            // Every answer of every round is right; that all of one are of all three parties comes once none is slow.
            await Until.SoAsync(async () =>
            {
                int unverified = 0;
                await Parallel.ForEachAsync(Enumerable.Range(0, 200), new ParallelOptions { MaxDegreeOfParallelism = concurrency }, async (i, ct) =>
                {
                    int row = i * 7919 % deployment.Plain.Length;
                    FetchResult result = await client.FetchAsync("vectors", row, ct);
                    Assert.Equal(deployment.Plain[row], result.Records[0]);
                    Interlocked.Add(ref unverified, result.Verified ? 0 : 1);
                });
                return unverified;
            }, unverified => unverified == 0);
        }

        int[] rows = [0, 299, 7, 7, 150];
        FetchResult batch = await client.FetchAsync("vectors", rows);
        Assert.Equal(rows.Select(r => deployment.Plain[r]), batch.Records);
        PartyStatus?[] status = await StatusOfAllAsync(client);
        Assert.All(status, s => Assert.Equal(("beaver", 0L), (s!.Tables[0].Product, s.Tables[0].Revision)));
    }

    [Fact]
    public async Task A_row_is_replaced_under_load_at_all_parties_or_at_none_and_stays_so()
    {
        await using TestDeployment deployment = new(rows: 100, product: TableDescription.BeaverProduct);
        output.WriteLine($"seed {deployment.Seed}");
        await deployment.StartAsync();
        await using TridentClient client = await deployment.ConnectAsync();
        Readiness readiness = await client.WaitReadyAsync(TimeSpan.FromSeconds(60));
        Assert.True(readiness.IsReady, readiness.Reason);

        // Queries without a pause, while row 7 is replaced again and again. An answer is what the row held at some moment of the query.
        const int changes = 6;
        Random random = new(deployment.Seed);
        byte[][] states = [deployment.Plain[7], .. Enumerable.Range(0, changes).Select(_ => { byte[] row = new byte[40]; random.NextBytes(row); return row; })];
        int made = 0;
        long answers = 0;
        using CancellationTokenSource done = new();
        Task[] load = [.. Enumerable.Range(0, 4).Select(worker => Task.Run(async () =>
        {
            for (int i = worker; !done.IsCancellationRequested; i++)
            {
                int row = i % 3 == 0 ? 7 : i * 31 % 100;
                int before = Volatile.Read(ref made);
                FetchResult result = await client.FetchAsync("vectors", row);
                int after = Math.Min(Volatile.Read(ref made) + 1, changes);
                if (row == 7)
                {
                    Assert.Contains(states[before..(after + 1)], s => s.AsSpan().SequenceEqual(result.Records[0]));
                }
                else
                {
                    Assert.Equal(deployment.Plain[row], result.Records[0]);
                }

                Interlocked.Increment(ref answers);
            }
        }))];
        for (int change = 1; change <= changes; change++)
        {
            long enough = Interlocked.Read(ref answers) + 20;
            await Until.SoAsync(() => Interlocked.Read(ref answers) >= enough || load.Any(l => l.IsFaulted));
            Assert.Equal(change, await PutAsync(client, states[change], deployment.Owner));
            Volatile.Write(ref made, change);
            Assert.Equal(states[change], (await client.FetchAsync("vectors", 7)).Records[0]);
        }

        await done.CancelAsync();
        await Task.WhenAll(load);
        output.WriteLine($"{answers} answers during {changes} changes");

        // A silo that comes back has the changes, and the next one.
        await deployment.Silo(2).KillAsync();
        await deployment.StartAsync(2);
        readiness = await client.WaitReadyAsync(TimeSpan.FromSeconds(60));
        Assert.True(readiness.IsReady, readiness.Reason);
        await Until.SoAsync(async () => await client.FetchAsync("vectors", 7) is { Verified: true } result && result.Records[0].AsSpan().SequenceEqual(states[changes]));
        Assert.All(await StatusOfAllAsync(client), s => Assert.Equal(changes, s!.Tables[0].Revision));

        // Without one party nothing is changed.
        await deployment.Silo(3).KillAsync();
        TridentException refused = await Assert.ThrowsAnyAsync<TridentException>(() => client.PutAsync("vectors", 7, states[0], deployment.Owner));
        output.WriteLine($"{refused.GetType().Name}: {refused.Message}");
        Assert.True(refused is TooFewPartiesException or PutRefusedException);
        Assert.Equal(states[changes], (await client.FetchAsync("vectors", 7)).Records[0]);
        Assert.All((await client.StatusAsync()).Where(s => s is not null), s => Assert.Equal(changes, s!.Tables[0].Revision));
    }

    /// <summary>Puts row 7. A party that is taken for down for a moment means that nothing was changed, and that it may be tried again.</summary>
    private static async Task<long> PutAsync(TridentClient client, byte[] row, OwnerIdentity owner)
    {
        long revision = 0;
        await Until.SoAsync(async () =>
        {
            try
            {
                revision = await client.PutAsync("vectors", 7, row, owner);
                return true;
            }
            catch (TooFewPartiesException)
            {
                return false;
            }
        });
        return revision;
    }

    /// <summary>The status of the three; one that is late is asked again.</summary>
    private static Task<PartyStatus?[]> StatusOfAllAsync(TridentClient client) => Until.SoAsync(() => client.StatusAsync(), all => all.All(s => s is not null));
}
