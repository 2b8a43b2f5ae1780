using System.Globalization;
using Trident.Client;
using Trident.Collections;
using Trident.Console.Commands;
using Trident.Console.Measuring;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;

namespace Trident.Console.Demo;

/// <summary>What the demo's searches found.</summary>
/// <param name="Results">One for each question.</param>
/// <param name="Truth">For each question the ids that comparing in the clear finds.</param>
internal sealed record DemoSearchResult(IReadOnlyList<SearchResult> Results, IReadOnlyList<IReadOnlyList<string>> Truth)
{
    /// <summary>Hits asked for.</summary>
    public int Wanted => Truth.Sum(t => t.Count);

    /// <summary>Hits that comparing in the clear finds, too.</summary>
    public int Right => Results.Select((r, i) => r.Hits.Count(h => Truth[i].Contains(h.Id))).Sum();
}

/// <summary>The second half of the demo: six vectors are taken out, the others are searched for their nearest.</summary>
internal sealed class DemoSearch
{
    private const string Name = "demo";
    private const int K = 5;
    private const string UsualPicture = "trident-demo.png";
    private readonly DemoCollection _demo;
    private readonly CollectionDescription _collection;

    private DemoSearch(DemoCollection demo, CollectionDescription collection) => (_demo, _collection) = (demo, collection);

    /// <summary>Shares the collection.</summary>
    public static async Task<DemoSearch> ShareAsync(CommandContext context, DeploymentLayout layout, DemoVectors vectors, int seed, CancellationToken stop)
    {
        DemoCollection demo = await Task.Run(() => DemoCollection.Make(layout.Directory, vectors, seed, stop), stop);
        SharedCollection shared = await ShareCollection.ShareAsync(
            context, layout, Name, demo.Vectors, new CollectionShareOptions { Ids = demo.Ids, Payload = demo.Payloads, Seed = seed }, Metric.L2, stop);
        context.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"and as a collection to search: {demo.Plain.Count:N0} of them; the other {demo.Questions.Count} are the questions"));
        return new DemoSearch(demo, shared.Description);
    }

    /// <summary>Asks, one after the other, and compares with every vector in the clear.</summary>
    public async Task<DemoSearchResult> RunAsync(TridentClient client, CancellationToken stop)
    {
        // The first search of a connection takes longer; it is not one of those that are timed.
        await client.SearchAsync(Name, _demo.Questions[0].Singles(), K, stop);
        List<SearchResult> results = [];
        foreach (DemoVector question in _demo.Questions)
        {
            results.Add(await client.SearchAsync(Name, question.Singles(), K, stop));
        }

        return new DemoSearchResult(results, await Task.Run(() => _demo.Questions.Select(q => _demo.Nearest(q, K)).ToArray(), stop));
    }

    /// <summary>Says what came of it and draws it where the vectors are images.</summary>
    /// <param name="context">Where to say it.</param>
    /// <param name="found">The results.</param>
    /// <param name="path">The picture's file, overwritten.</param>
    public void Write(CommandContext context, DemoSearchResult found, string path)
    {
        string recall = Recall(found), latency = Latency(found);
        context.Out.WriteLine($"search: {recall} against comparing with every vector in the clear; {latency}; {found.Results.Count(r => r.Verified)} of {found.Results.Count} verified by all three");
        if (_demo.Payloads is null)
        {
            context.Out.WriteLine("picture: none, because these vectors are not images");
            return;
        }

        OutputFile.Write(path, NeighbourPicture.Png(Picture(found)));
        context.Out.WriteLine($"picture: {path}");
    }

    /// <summary>What the picture shows.</summary>
    public PictureModel Picture(DemoSearchResult found) => new(
        "The nearest images, found through three servers that saw none",
        string.Create(CultureInfo.InvariantCulture, $"{_collection.Count:N0} images of clothes (Fashion-MNIST) are shared between the servers. Six others are asked about. Below each image: what it shows, and its Euclidean distance."),
        [.. _demo.Questions.Select((q, i) => new PictureRow(SearchSight.Image(q), q.Label!, [.. found.Results[i].Hits.Select(h => new PictureHit(
            SearchSight.Image(new DemoVector(h.Id, h.Payload, h.Vector.ToArray(), _collection.Layout.Vector)), h.Payload ?? "", h.Score, found.Truth[i].Contains(h.Id)))]))],
        [SearchSight.OfQuestion(_collection, _demo.Questions[0]), SearchSight.OfRecord(_collection, found.Results[0].Hits[0].Row)],
        [Recall(found), Latency(found)]);

    /// <summary>The usual name in a directory, with a number where it is taken: what is there may not be ours.</summary>
    internal static string Free(string directory)
    {
        string path = Path.Combine(directory, UsualPicture);
        for (int i = 2; File.Exists(path); i++)
        {
            path = Path.Combine(directory, $"{Path.GetFileNameWithoutExtension(UsualPicture)}-{i}.png");
        }

        return path;
    }

    private static string Recall(DemoSearchResult found) => $"recall@{K}: {found.Right} of {found.Wanted}";

    private static string Latency(DemoSearchResult found) => string.Create(CultureInfo.InvariantCulture,
        $"median of a search: {LatencySummary.Of(found.Results.Select(r => r.Latency.TotalMilliseconds)).P50:0.0} ms");
}
