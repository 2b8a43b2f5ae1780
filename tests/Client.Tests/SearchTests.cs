using Trident.Abstractions;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;
using Xunit;
using Xunit.Abstractions;

namespace Trident.Client.Tests;

/// <summary>Searches over parties in memory; everything between client and party is real.</summary>
public sealed class SearchTests(ITestOutputHelper output)
{
    private readonly Random _random = Seeded(output);

    [Theory]
    [InlineData(Metric.L2, ElementKind.U8)]
    [InlineData(Metric.Ip, ElementKind.U8)]
    [InlineData(Metric.Cosine, ElementKind.U8)]
    [InlineData(Metric.L2, ElementKind.I4)]
    [InlineData(Metric.L2, ElementKind.F4)]
    [InlineData(Metric.Ip, ElementKind.F4)]
    [InlineData(Metric.Cosine, ElementKind.F4)]
    [InlineData(Metric.L2, ElementKind.F8)]
    public async Task The_nearest_come_back_as_in_the_clear(Metric metric, ElementKind element)
    {
        bool whole = element is ElementKind.U8 or ElementKind.I4;
        double[][] vectors = whole ? PlainCollection.Whole(_random, 203, 7, 5) : PlainCollection.Real(_random, 203, 7);
        vectors[0][0] = 1;
        Array.ForEach(vectors, v => v[1] = Math.Max(v[1], whole ? 1 : v[1]));
        PlainCollection plain = new("things", metric, element, vectors);
        await using SearchWorld world = await SearchWorld.StartAsync(plain);
        for (int i = 0; i < 20; i++)
        {
            float[] query = Query(whole ? PlainCollection.Whole(_random, 1, 7, 5)[0] : PlainCollection.Real(_random, 1, 7)[0]);
            query[0] += 1;
            SearchResult result = await world.Client.SearchAsync("things", query, 9);
            Expect(plain, query, 9, result);
            Assert.Equal((true, 2, "things"), (result.Verified, result.Attempts, result.Collection.Name));
            Assert.True(result.Exact || metric == Metric.Cosine || !whole, "whole numbers are scored exactly");
        }
    }

    [Fact]
    public async Task Ids_payloads_and_vectors_come_with_the_hits()
    {
        double[][] vectors = PlainCollection.Real(_random, 30, 5);
        string[] ids = [.. Enumerable.Range(0, 30).Select(i => $"thing-{i:00}{(i % 3 == 0 ? "-é" : "")}")], payloads = [.. Enumerable.Range(0, 30).Select(i => new string('x', i % 7))];
        await using SearchWorld world = await SearchWorld.StartAsync(new PlainCollection("things", Metric.L2, ElementKind.F4, vectors, ids, payloads));
        foreach (SearchHit hit in (await world.Client.SearchAsync("things", Query(vectors[11]), 30)).Hits)
        {
            Assert.Equal((ids[hit.Row], payloads[hit.Row]), (hit.Id, hit.Payload));
            Assert.Equal(vectors[hit.Row], hit.Numbers());
            Assert.Equal(20, hit.Vector.Length);
        }
    }

    [Fact]
    public async Task What_the_parties_see_depends_on_k_alone()
    {
        // All vectors but one are equal, so that all answers stand in few rows of the record table.
        double[][] vectors = [.. Enumerable.Repeat(new double[] { 3, 3, 3 }, 200)];
        vectors[150] = [9, 9, 9];
        await using SearchWorld world = await SearchWorld.StartAsync(new PlainCollection("things", Metric.L2, ElementKind.U8, vectors, perRow: 16));
        foreach (float[] query in (float[][])[[3, 3, 3], [9, 9, 9], [0.5f, 7.25f, 100]])
        {
            await world.Client.SearchAsync("things", query, 10);
        }

        Assert.All(world.Parties, p => Assert.Equal(Enumerable.Repeat((("things.scores", 1), ("things.records", 10)), 3), p.Asked.Chunk(2).Select(a => (a[0], a[1]))));
        Assert.Equal([5, 14, 112, 1125, 20], new[] { (1, 10_000), (10, 10_000), (100, 10_000), (1000, 10_000), (18, 20) }.Select(x => SearchPlan.FetchedFor(x.Item1, x.Item2, fine: false)));
        Assert.Equal(10, SearchPlan.FetchedFor(10, 10_000, fine: true));
    }

    [Fact]
    public async Task A_batch_goes_together_and_a_thousand_neighbours_in_several_requests()
    {
        PlainCollection plain = new("things", Metric.L2, ElementKind.U8, PlainCollection.Whole(_random, 1300, 4, 50), perRow: 8);
        await using SearchWorld world = await SearchWorld.StartAsync(plain);
        float[][] queries = [.. PlainCollection.Whole(_random, 11, 4, 50).Select(Query)];
        IReadOnlyList<SearchResult> results = await world.Client.SearchAsync("things", [.. queries.Select(q => (ReadOnlyMemory<float>)q)], 3);
        for (int i = 0; i < queries.Length; i++)
        {
            Expect(plain, queries[i], 3, results[i]);
        }

        Assert.Equal([3, 8], world.Parties[0].Asked.Where(a => a.Table == "things.scores").Select(a => a.Count).Order());
        Assert.Equal([9, 24], world.Parties[0].Asked.Where(a => a.Table == "things.records").Select(a => a.Count).Order());

        world.Parties[0].Asked.Clear();
        Expect(plain, queries[0], 1000, await world.Client.SearchAsync("things", queries[0], 1000));
        Assert.Equal([1000], world.Parties[0].Asked.Where(a => a.Table == "things.records").Select(a => a.Count).Order());
    }

    [Fact]
    public async Task Two_parties_are_enough_and_a_lie_in_either_round_is_caught()
    {
        PlainCollection plain = new("things", Metric.L2, ElementKind.U8, PlainCollection.Whole(_random, 60, 3, 9));
        await using SearchWorld world = await SearchWorld.StartAsync(plain);
        world.Parties[1].Lie = (table, z) => z[5] = (z[5] + (table.IsScores ? 1u : 0)) % 0x7fffffff;
        Assert.Equal("answer line", (await Assert.ThrowsAsync<AnswerCheckException>(() => world.Client.SearchAsync("things", new float[] { 1, 2, 3 }, 4))).Check);
        world.Parties[1].Lie = (table, z) => z[0] = (z[0] + (table.IsScores ? 0 : 1u)) % 0x7fffffff;
        Assert.Equal("answer line", (await Assert.ThrowsAsync<AnswerCheckException>(() => world.Client.SearchAsync("things", new float[] { 1, 2, 3 }, 4))).Check);

        world.Parties[1].Down = true;
        SearchResult two = await world.Client.SearchAsync("things", new float[] { 1, 2, 3 }, 4);
        Expect(plain, [1, 2, 3], 4, two);
        Assert.False(two.Verified);
    }

    [Fact]
    public async Task Wrong_questions_are_explained_and_reach_no_party()
    {
        await using SearchWorld world = await SearchWorld.StartAsync(
            new PlainCollection("things", Metric.L2, ElementKind.U8, PlainCollection.Whole(_random, 20, 3, 9)),
            new PlainCollection("directions", Metric.Cosine, ElementKind.F4, PlainCollection.Real(_random, 20, 3)));
        float[] fine = [1, 2, 3];
        await Expect<UnknownCollectionException>(() => world.Client.SearchAsync("thing", fine, 1), "things, directions");
        await Expect<QueryVectorException>(() => world.Client.SearchAsync("things", new float[4], 1), "4 numbers", "have 3");
        await Expect<QueryVectorException>(() => world.Client.SearchAsync("things", new[] { 1, float.NaN, 2 }, 1), "not finite");
        await Expect<QueryVectorException>(() => world.Client.SearchAsync("things", new[] { 1, float.PositiveInfinity, 2 }, 1), "not finite");
        await Expect<QueryVectorException>(() => world.Client.SearchAsync("directions", new float[3], 1), "zero");
        await Expect<QueryVectorException>(() => world.Client.SearchAsync("directions", [fine, new float[3]], 1), "Query 1", "zero");
        await Expect<QueryVectorException>(() => world.Client.SearchAsync("things", new[] { 1e30f, 0, 0 }, 1), "overflow");
        await Expect<ArgumentOutOfRangeException>(() => world.Client.SearchAsync("things", fine, 0), "1 to 1,000");
        await Expect<ArgumentOutOfRangeException>(() => world.Client.SearchAsync("things", fine, 1001), "1 to 1,000");
        await Expect<ArgumentException>(() => world.Client.SearchAsync("things", fine, 21), "21 neighbours", "20 vectors");
        await Expect<ArgumentException>(() => world.Client.SearchAsync("things", [], 1), "has none");
        Assert.All(world.Parties, p => Assert.Empty(p.Asked));
    }

    [Fact]
    public async Task A_collection_that_was_shared_anew_is_found_and_one_that_nobody_serves_is_said_to_be_so()
    {
        PlainCollection old = new("things", Metric.L2, ElementKind.U8, PlainCollection.Whole(_random, 20, 3, 9)), renewed = new("things", Metric.L2, ElementKind.U8, PlainCollection.Whole(_random, 25, 3, 9));
        await using SearchWorld world = await SearchWorld.StartAsync(old);
        world.Served = [renewed];
        SearchResult result = await world.Client.SearchAsync("things", new float[] { 1, 2, 3 }, 5);
        Expect(renewed, [1, 2, 3], 5, result);
        Assert.Equal(25, result.Collection.Count);

        world.Described = [renewed];
        world.Served = [old];
        QueryRefusedException refused = await Assert.ThrowsAsync<QueryRefusedException>(() => world.Client.SearchAsync("things", new float[] { 1, 2, 3 }, 5));
        Assert.Equal(QueryFailureKind.UnknownTable, refused.Kind);
        Assert.Contains("restart them, or share the collection again", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rounded_scores_are_called_exact_only_where_rounding_leaves_no_doubt()
    {
        double[][] vectors = [[0, 0], [0.25, 0], [0.5, 0], [1, 0]];
        CollectionDescription collection = new PlainCollection("things", Metric.L2, ElementKind.F4, vectors).Description;
        ScoreQuery asked = collection.Scale.Encode([0, 0]);
        Assert.True(asked.Error > 0);

        // The score of a vector at distance 0.5 from a query at zero, whose ‖x‖² − 2x·q is 0.25.
        int half = (int)(asked.Factor * 0.25);
        Assert.True(Reranker.IsExact(collection, asked, new TopK.Selection([0, 1, 2], half), 3, 0.25));
        Assert.False(Reranker.IsExact(collection, asked, new TopK.Selection([0, 1, 2], half), 3, 0.5));
        Assert.True(Reranker.IsExact(collection, asked, new TopK.Selection([0, 1, 2, 3], half), 4, 0.5));
        Assert.True(Reranker.IsExact(collection, asked with { Error = 0 }, new TopK.Selection([0, 1, 2], half), 3, 0.5));
    }

    [Fact]
    public void One_record_of_a_row_is_picked_whatever_its_size()
    {
        foreach (int size in (int[])[1, 5, 31, 32, 33, 100])
        {
            byte[] row = new byte[8 * size];
            _random.NextBytes(row);
            for (int place = 0; place < 8; place++)
            {
                byte[] record = new byte[size];
                _random.NextBytes(record);
                Reranker.Pick(row, place, record);
                Assert.Equal(row[(place * size)..((place + 1) * size)], record);
            }
        }
    }

    private static float[] Query(double[] vector) => Array.ConvertAll(vector, x => (float)x);

    private static void Expect(PlainCollection plain, float[] query, int k, SearchResult result)
    {
        Assert.Equal(plain.Nearest(query, k), result.Hits.Select(h => (h.Row, h.Score)));
    }

    private static async Task Expect<T>(Func<Task> act, params string[] parts)
        where T : Exception
    {
        T thrown = await Assert.ThrowsAsync<T>(act);
        Assert.All(parts, part => Assert.Contains(part, thrown.Message, StringComparison.Ordinal));
    }

    private static Random Seeded(ITestOutputHelper output)
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        return new Random(seed);
    }
}
