using System.Text.Json;
using Trident.Protocol.Collections;
using Xunit;
using Xunit.Abstractions;

namespace Trident.System.Tests;

/// <summary>
/// The commands <c>search</c> and <c>neighbours</c> from end to end, compared with brute force. Whether the third party was in time is
/// the machine's affair, so how many are verified is compared with what the results say and with nothing else.
/// </summary>
public sealed class SearchConsoleTests(SearchedSilos silos, ITestOutputHelper output) : IClassFixture<SearchedSilos>
{
    private string[] Grey => ["search", silos.Directory, "--collection", "grey", "--query-file", silos.GreyQueryFile];

    [Fact]
    public async Task SearchFindsTheTrueNeighboursAndMeasuresTheRecallByTheGroundTruth()
    {
        output.WriteLine($"seed {SearchedSilos.Seed}");
        int[][] truth = [.. silos.GreyQueries.Select(q => silos.GreyNearest(q, 10))];
        SearchedSilos.Ivecs(silos.Path("truth.ivecs"), truth);
        JsonElement report = await silos.JsonAsync([.. Grey, "--k", "10", "--concurrency", "3", "--groundtruth", silos.Path("truth.ivecs")]);
        Assert.Equal(("grey", "l2", 10), (report.GetProperty("collection").GetString(), report.GetProperty("metric").GetString(), Whole(report, "k")));
        Assert.Equal((9, 9, 9, 0, 9), (Whole(report, "queries"), Whole(report, "answered"), Whole(report, "searches"), Whole(report, "failed"), Whole(report, "exact")));
        Assert.Equal(1, report.GetProperty("recall").GetDouble());
        JsonElement[] results = [.. report.GetProperty("results").EnumerateArray()];
        Assert.Equal(results.Count(r => r.GetProperty("verified").GetBoolean()), Whole(report, "verified"));
        Assert.Equal(Enumerable.Range(0, 9), results.Select(r => Whole(r, "query")));
        for (int i = 0; i < results.Length; i++)
        {
            JsonElement[] hits = [.. results[i].GetProperty("hits").EnumerateArray()];
            Assert.Equal(truth[i].Select(id => $"{id}"), hits.Select(h => h.GetProperty("id").GetString()));
            Assert.Equal(truth[i].Select(id => Metric.L2.Measure(silos.Grey[Array.IndexOf(silos.Ids, id)], silos.GreyQueries[i])), hits.Select(h => h.GetProperty("score").GetDouble()));
        }

        // A truth that is wrong for one query of nine.
        SearchedSilos.Ivecs(silos.Path("wrong.ivecs"), [.. truth[..8], [.. Enumerable.Repeat(12_345, 10)]]);
        JsonElement wrong = await silos.JsonAsync([.. Grey, "--k", "10", "--groundtruth", silos.Path("wrong.ivecs")]);
        Assert.Equal(8 / 9.0, wrong.GetProperty("recall").GetDouble(), 12);
    }

    [Fact]
    public async Task RoundsAreAllCounted()
    {
        JsonElement report = await silos.JsonAsync([.. Grey, "--k", "3", "--rounds", "4", "--limit", "5", "--concurrency", "4"]);
        Assert.Equal((5, 5, 20, 0, 20), (Whole(report, "queries"), Whole(report, "answered"), Whole(report, "searches"), Whole(report, "failed"), Whole(report, "exact")));
        Assert.InRange(Whole(report, "verified"), report.GetProperty("results").EnumerateArray().Count(r => r.GetProperty("verified").GetBoolean()), 20);
        Assert.Equal(JsonValueKind.Null, report.GetProperty("recall").ValueKind);
    }

    [Fact]
    public async Task AnHdf5FileBringsItsQueriesAndItsTruth()
    {
        JsonElement report = await silos.JsonAsync("search", silos.Directory, "--collection", "angular", "--hdf5", silos.Hdf5, "--k", "20");
        Assert.Equal(("cosine", 7, 7, 0), (report.GetProperty("metric").GetString(), Whole(report, "queries"), Whole(report, "answered"), Whole(report, "failed")));
        Assert.Equal(1, report.GetProperty("recall").GetDouble());
        foreach (JsonElement result in report.GetProperty("results").EnumerateArray())
        {
            double[] query = silos.Test[Whole(result, "query")];
            Assert.Equal(silos.Train.Select(t => Metric.Cosine.Measure(t, query)).OrderDescending().Take(20), result.GetProperty("hits").EnumerateArray().Select(h => h.GetProperty("score").GetDouble()));
        }

        (int code, _, string error) = await silos.RunAsync("search", silos.Directory, "--collection", "grey", "--hdf5", silos.Hdf5);
        Assert.Equal(1, code);
        Assert.Contains("by cosine, and collection 'grey' is searched by l2", error);
    }

    [Fact]
    public async Task TheRecallIsMeasuredAgainstThePlaintextWhateverTheIds()
    {
        JsonElement grey = await silos.JsonAsync([.. Grey, "--k", "10", "--against", silos.GreyFile]);
        Assert.Equal((1, 9), (grey.GetProperty("recall").GetDouble(), Whole(grey, "answered")));
        JsonElement angular = await silos.JsonAsync("search", silos.Directory, "--collection", "angular", "--hdf5", silos.Hdf5, "--k", "30", "--against", silos.Hdf5);
        Assert.Equal(1, angular.GetProperty("recall").GetDouble());

        // Of others than the collection's vectors it is refused, and against the queries' own distances it is not perfect.
        (int code, _, string error) = await silos.RunAsync([.. Grey, "--against", silos.GreyQueryFile]);
        Assert.Equal(1, code);
        Assert.Contains("was not made of them", error);
        byte[] nearer = [.. File.ReadAllBytes(silos.GreyFile)];
        File.ReadAllBytes(silos.GreyQueryFile).CopyTo(nearer, 0);
        await File.WriteAllBytesAsync(silos.Path("nearer.bvecs"), nearer);
        JsonElement one = await silos.JsonAsync([.. Grey, "--k", "1", "--against", silos.Path("nearer.bvecs")]);
        Assert.Equal(silos.GreyQueries.Count(q => silos.Grey.Any(g => g.SequenceEqual(q))) / 9.0, one.GetProperty("recall").GetDouble(), 12);
    }

    [Fact]
    public async Task FewQueriesAreShownOneByOne()
    {
        (int code, string text, string error) = await silos.RunAsync([.. Grey, "--k", "4", "--limit", "2"]);
        Assert.True(code == 0, error);
        Assert.Contains("query 1", text);
        Assert.All(silos.GreyNearest(silos.GreyQueries[1], 4), id => Assert.Contains($"{id}", text));
        Assert.Contains("certainly the nearest", text);
        Assert.Contains("no truth given", text);

        (code, _, error) = await silos.RunAsync("search", silos.Directory, "--collection", "none", "--query-file", silos.GreyQueryFile);
        Assert.Equal(1, code);
        Assert.Contains("There is no collection 'none'; the deployment has angular, grey", error);
    }

    [Fact]
    public async Task QueriesThatCannotBeAskedAreToldOf()
    {
        SearchedSilos.Ivecs(silos.Path("short.ivecs"), [[1, 2, 3]]);
        SearchedSilos.Ivecs(silos.Path("zero.ivecs"), [new int[SearchedSilos.Dimension], [.. Enumerable.Repeat(1, SearchedSilos.Dimension)]]);
        await Fails("The queries have 3 numbers each, and the vectors of collection 'grey' have 12", "grey", "short.ivecs");
        await Fails("--k is 401, and collection 'grey' has 400 vectors", "grey", "zero.ivecs", "--k", "401");
        await Fails("1 of 2 searches failed; the first: The query is zero", "angular", "zero.ivecs", "--k", "3");

        async Task Fails(string message, string collection, string queries, params string[] options)
        {
            (int code, _, string error) = await silos.RunAsync(["search", silos.Directory, "--collection", collection, "--query-file", silos.Path(queries), .. options]);
            Assert.Equal(1, code);
            Assert.Contains(message, error);
            Assert.DoesNotContain("unexpected", error);
        }
    }

    [Fact]
    public async Task NeighboursAreThoseOfBruteForce()
    {
        // Rows are in the order of the ids.
        int[] ids = [.. silos.Ids.Order()];
        foreach (int row in new[] { 0, 17, ids.Length - 1 })
        {
            int[] right = silos.GreyNearest(silos.Grey[Array.IndexOf(silos.Ids, ids[row])], SearchedSilos.ListLength, except: ids[row]);
            JsonElement list = await silos.JsonAsync("neighbours", silos.Directory, "--collection", "grey", "--row", $"{row}");
            Assert.Equal(("grey", row), (list.GetProperty("collection").GetString(), Whole(list, "row")));
            Assert.Equal(right.Select(id => $"{id}"), list.GetProperty("neighbours").EnumerateArray().Select(n => n.GetString()));

            (int code, string text, string error) = await silos.RunAsync("neighbours", silos.Directory, "--collection", "grey", "--row", $"{row}", "--k", "2");
            Assert.True(code == 0, error);
            Assert.Equal($"row {row}: {right[0]}, {right[1]}", text.Split('\n')[0].TrimEnd());
        }
    }

    [Theory]
    [InlineData("rows 0 to 399", "grey", "--row", "400")]
    [InlineData("rows 0 to 399", "grey", "--row", "-1")]
    [InlineData("lists of collection 'grey' have 6", "grey", "--row", "1", "--k", "7")]
    [InlineData("shared without lists", "angular", "--row", "1")]
    [InlineData("no collection 'none'", "none", "--row", "1")]
    public async Task NeighboursThatAreNotThereAreRefused(string message, string collection, params string[] options)
    {
        (int code, string text, string error) = await silos.RunAsync(["neighbours", silos.Directory, "--collection", collection, .. options]);
        Assert.Equal((1, ""), (code, text));
        Assert.Contains(message, error);
        Assert.DoesNotContain("unexpected", error);
    }

    private static int Whole(JsonElement of, string name) => of.GetProperty(name).GetInt32();
}
