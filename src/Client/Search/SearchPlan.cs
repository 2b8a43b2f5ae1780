using System.Numerics;
using Trident.Abstractions;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;

namespace Trident.Client;

/// <summary>
/// How a search is asked. The parties see how many rows a query asks for, so these numbers follow from the collection and from k
/// alone: never from a query, and not from what was found.
/// </summary>
/// <param name="Collection">What is searched.</param>
/// <param name="Scores">Its score table.</param>
/// <param name="Records">Its record table.</param>
/// <param name="K">How many are wanted.</param>
internal sealed record SearchPlan(CollectionDescription Collection, TableDescription Scores, TableDescription Records, int K)
{
    /// <summary>The most that one search may ask for.</summary>
    public const int MaxK = 1000;

    // One pass over the matrix serves so many queries; more in one request only wait for one another.
    private const int QueriesAPass = 8;

    // Scores that a request of several queries brings: 32 MB from each party.
    private const int MostScores = 1 << 23;

    /// <summary>
    /// Records fetched for each query: k, and where the collection's scores were rounded a margin, from which the k nearest are chosen by
    /// exact figures: rounding may put a vector a few places too far back. Scores of whole numbers are exact for a query of whole
    /// numbers that <see cref="ScoreScale"/> takes as it is. Any other is scored all but exactly where the collection's numbers are
    /// small: in steps of an eighth or less, or coarser in proportion where it is longer than the longest vector.
    /// What the query is like is not for the parties to see, so all fetch the same; <see cref="SearchResult.Exact"/> tells where the steps leave a doubt.
    /// </summary>
    public int Fetched => FetchedFor(K, Collection.Count, IsFine(Collection.Scale));

    /// <summary>Queries in one request of the first round.</summary>
    public int QueriesARequest => Math.Clamp(Math.Min(MostScores / Collection.Count, QueryLimits.MaxRows(Scores)), 1, QueriesAPass);

    /// <summary>As <see cref="Fetched"/>.</summary>
    public static int FetchedFor(int k, int count, bool fine) => fine ? k : Math.Min(count, k + Math.Max(4, k / 8));

    // Whole numbers small enough for a query as long as the longest vector to be scored in eighths or finer.
    private static bool IsFine(ScoreScale scale) => scale.Whole && 3 * scale.MaxNorm * scale.MaxNorm <= ScoreScale.Limit / 8.0;

    /// <summary>The row of the record table in which a vector's record stands. A shift: the time of a division may tell the dividend.</summary>
    public int RecordRow(int row) => row >> BitOperations.Log2((uint)Collection.Layout.PerRow);

    /// <summary>Which record of its row.</summary>
    public int Place(int row) => row & (Collection.Layout.PerRow - 1);
}
