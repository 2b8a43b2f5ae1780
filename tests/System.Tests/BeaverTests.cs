using Trident.Abstractions;
using Trident.Client;
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
        await using TestDeployment deployment = new(product: TableDescription.BeaverProduct);
        output.WriteLine($"seed {deployment.Seed}");
        await deployment.StartAsync();
        await using TridentClient client = await deployment.ConnectAsync();
        Readiness readiness = await client.WaitReadyAsync(TimeSpan.FromSeconds(60));
        Assert.True(readiness.IsReady, readiness.Reason);
        foreach (int concurrency in (int[])[1, 4, 16])
        {
            await Parallel.ForEachAsync(Enumerable.Range(0, 200), new ParallelOptions { MaxDegreeOfParallelism = concurrency }, async (i, ct) =>
            {
                int row = i * 7919 % deployment.Plain.Length;
                FetchResult result = await client.FetchAsync("vectors", row, ct);
                Assert.Equal(deployment.Plain[row], result.Records[0]);
                Assert.True(result.Verified);
            });
        }

        int[] rows = [0, 299, 7, 7, 150];
        FetchResult batch = await client.FetchAsync("vectors", rows);
        Assert.Equal(rows.Select(r => deployment.Plain[r]), batch.Records);
        PartyStatus?[] status = await client.StatusAsync();
        Assert.All(status, s => Assert.Equal(("beaver", 0L), (s!.Tables[0].Product, s.Tables[0].Revision)));
    }
}
