using Trident.Client;
using Trident.Client.Tests;
using Trident.Collections;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;
using Trident.Protocol.Tests.Tables;
using Xunit;
using Xunit.Abstractions;

namespace Trident.System.Tests;

/// <summary>Searches on three real silos, compared with the nearest in the clear.</summary>
public sealed class SearchTests(ITestOutputHelper output)
{
    [SharedDataFact]
    public async Task Every_neighbour_of_real_vectors_is_found()
    {
        string data = Path.Combine(SharedDataFactAttribute.Find()!, "data", "sift10k");
        await using TestDeployment deployment = new(rows: 3, dimension: 4) { Grace = TimeSpan.FromSeconds(10) };
        using (IVectorSource vectors = VectorFile.Open(Path.Combine(data, "base.fvecs")))
        {
            CollectionSharer.Share(deployment.Layout, deployment.Id, "sift", vectors, new CollectionShareOptions(), null, CancellationToken.None);
        }

        float[][] queries = [.. Records(Path.Combine(data, "query.fvecs")).Select(r => Array.ConvertAll(r, x => (float)x))];
        string[][] truth = [.. Records(Path.Combine(data, "groundtruth.ivecs")).Select(r => Array.ConvertAll(r, x => $"{x}"))];
        await deployment.StartAsync();
        await using TridentClient client = await deployment.ConnectAsync();
        await ReadyAsync(client);

        await Parallel.ForAsync(0, queries.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, ct) =>
        {
            await Until.SoAsync(async () =>
            {
                SearchResult ten = await client.SearchAsync("sift", queries[i], 10, ct);
                Assert.Equal(truth[i][..10], ten.Hits.Select(h => h.Id));
                Assert.True(ten.Exact);
                return ten.Unverified is null;
            });
        });
        IReadOnlyList<SearchResult> hundred = await client.SearchAsync("sift", [.. queries.Select(q => (ReadOnlyMemory<float>)q)], 100);
        Assert.All(hundred.Zip(truth), x => Assert.Equal(x.Second, x.First.Hits.Select(h => h.Id)));

        SearchResult most = await client.SearchAsync("sift", queries[0], 1000);
        Assert.Equal(1000, most.Hits.DistinctBy(h => h.Row).Count());
        Assert.Equal(truth[0], most.Hits.Take(100).Select(h => h.Id));
        Assert.True(most.Hits.Zip(most.Hits.Skip(1)).All(x => x.First.Score <= x.Second.Score));
    }

    [Fact]
    public async Task Text_ids_and_payloads_come_back_two_parties_are_enough_and_a_renewed_collection_is_found()
    {
        const int Seed = 20261124;
        output.WriteLine($"seed {Seed}");
        Random random = new(Seed);
        PlainCollection Make(int count) => new("things", Metric.Cosine, ElementKind.F4, PlainCollection.Real(random, count, 24),
            [.. Enumerable.Range(0, count).Select(i => $"thing-{i:0000}")], [.. Enumerable.Range(0, count).Select(i => $"{{\"n\":{i}}}")]);
        PlainCollection plain = Make(700);
        await using TestDeployment deployment = new(rows: 3, dimension: 4) { Grace = TimeSpan.FromSeconds(10) };
        plain.Share(deployment.Layout, deployment.Id);
        await deployment.StartAsync();
        await using TridentClient client = await deployment.ConnectAsync();
        await ReadyAsync(client);
        await Until.SoAsync(() => AskAsync(client, plain, random), three => three.Verified);

        await deployment.Silo(3).KillAsync();
        SearchResult two = await AskAsync(client, plain, random);
        Assert.False(two.Verified);

        // Shared anew, and the silos restarted: the client that has the older description finds the new one by itself.
        PlainCollection renewed = Make(650);
        renewed.Share(deployment.Layout, deployment.Id, replace: true);
        await deployment.Silo(1).KillAsync();
        await deployment.Silo(2).KillAsync();
        await deployment.StartAsync();
        await using (TridentClient fresh = await deployment.ConnectAsync())
        {
            // The older client knows of no stock for tables that it does not know yet.
            await ReadyAsync(fresh);
        }

        await Until.SoAsync(() => client.Parties.All(p => p.Up));
        SearchResult after = await AskAsync(client, renewed, random);
        Assert.Equal(650, after.Collection.Count);
    }

    private static async Task<SearchResult> AskAsync(TridentClient client, PlainCollection plain, Random random)
    {
        float[] query = Array.ConvertAll(PlainCollection.Real(random, 1, 24)[0], x => (float)x);
        SearchResult result = await client.SearchAsync("things", query, 10);
        Assert.Equal(plain.Nearest(query, 10), result.Hits.Select(h => (h.Row, h.Score)));
        Assert.All(result.Hits, h => Assert.Equal(($"thing-{h.Row:0000}", $"{{\"n\":{h.Row}}}"), (h.Id, h.Payload)));
        return result;
    }

    private static IEnumerable<double[]> Records(string path)
    {
        using IVectorSource source = VectorFile.Open(path);
        byte[] record = new byte[source.Shape.Bytes];
        while (source.Next(record))
        {
            yield return new SearchHit("", 0, 0, null, record, source.Shape.Element).Numbers();
        }
    }

    private static async Task ReadyAsync(TridentClient client)
    {
        Readiness readiness = await client.WaitReadyAsync(TimeSpan.FromSeconds(60));
        Assert.True(readiness.IsReady, readiness.Reason);
    }
}
