using System.Collections.Concurrent;
using Trident.Client;
using Xunit;
using Xunit.Abstractions;

namespace Trident.System.Tests;

/// <summary>Three real silos, real sockets, and every answer compared with the plaintext.</summary>
public sealed class ServiceTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Every_answer_is_right_at_every_concurrency_and_degradation_heals()
    {
        await using TestDeployment deployment = new() { Grace = TimeSpan.FromSeconds(10) };
        output.WriteLine($"seed {deployment.Seed}");
        await deployment.StartAsync();
        await using TridentClient client = await deployment.ConnectAsync();
        await ReadyAsync(client);

        // Right at every concurrency, and verified by all three.
        foreach (int concurrency in (int[])[1, 4, 16])
        {
            await VerifiedRoundAsync(client, deployment, 300, concurrency);
        }

        // A batch in one query.
        int[] rows = [0, 299, 7, 7, 150];
        FetchResult batch = await client.FetchAsync("vectors", rows);
        Assert.Equal(rows.Select(r => deployment.Plain[r]), batch.Records);

        // Bad questions have their own answers, and harm nobody.
        await Assert.ThrowsAsync<RowOutOfRangeException>(() => client.FetchAsync("vectors", 300));
        await Assert.ThrowsAsync<RowOutOfRangeException>(() => client.FetchAsync("vectors", -1));
        await Assert.ThrowsAsync<UnknownTableException>(() => client.FetchAsync("nothing", 0));

        // Party 3 is killed under load: every query that is under way ends right.
        Task<FetchResult[]> load = FetchManyAsync(client, deployment, 600, 8, onStarted: 100, () => deployment.Silo(3).KillAsync());
        FetchResult[] during = await load;
        output.WriteLine($"while party 3 went: {during.Count(r => r.Verified)} verified, {during.Count(r => !r.Verified)} unverified");
        FetchResult after = await client.FetchAsync("vectors", 42);
        Assert.Equal(deployment.Plain[42], after.Records[0]);
        Assert.False(after.Verified);
        await Until.SoAsync(async () => (await client.StatusAsync(CancellationToken.None))[0] is { Degraded: > 0 });

        // It comes back by itself.
        await deployment.StartAsync(3);
        await ReadyAsync(client);
        await VerifiedRoundAsync(client, deployment, 100, 8);
    }

    private static async Task<FetchResult[]> FetchManyAsync(TridentClient client, TestDeployment deployment, int queries, int concurrency,
        int onStarted = -1, Func<Task>? act = null)
    {
        ConcurrentBag<FetchResult> results = [];
        int started = 0;
        Task? acting = null;
        await Parallel.ForEachAsync(Enumerable.Range(0, queries), new ParallelOptions { MaxDegreeOfParallelism = concurrency }, async (i, ct) =>
        {
            if (Interlocked.Increment(ref started) == onStarted)
            {
                acting = act!();
            }

            int row = i * 7919 % deployment.Plain.Length;
            FetchResult result = await client.FetchAsync("vectors", row, ct);
            Assert.Equal(deployment.Plain[row], result.Records[0]);
            results.Add(result);
        });
        await (acting ?? Task.CompletedTask);
        Assert.Equal(queries, results.Count);
        return [.. results];
    }

    private static async Task ReadyAsync(TridentClient client)
    {
        Readiness readiness = await client.WaitReadyAsync(TimeSpan.FromSeconds(60));
        Assert.True(readiness.IsReady, readiness.Reason);
    }

    /// <summary>Every answer of every round is right; that all of one are of all three parties comes once none is slow.</summary>
    private static Task VerifiedRoundAsync(TridentClient client, TestDeployment deployment, int queries, int concurrency) =>
        Until.SoAsync(async () => (await FetchManyAsync(client, deployment, queries, concurrency)).Count(r => !r.Verified), unverified => unverified == 0);
}
