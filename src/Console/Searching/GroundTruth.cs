using Trident.Client;
using Trident.Protocol.Collections;

namespace Trident.Console.Searching;

/// <summary>The true neighbours of queries, to measure answers by.</summary>
/// <param name="Ids">For each query the ids of its neighbours, nearest first.</param>
/// <param name="Distances">Their distances; null where they are not known.</param>
public sealed record GroundTruth(IReadOnlyList<string[]> Ids, IReadOnlyList<float[]>? Distances)
{
    // What ann-benchmarks allows for the rounding of its distances.
    private const double Rounding = 1e-3;

    // Sums of doubles in another order differ by less; distances of vectors that are not equally near differ by more.
    private const double RoundingOfDoubles = 1e-9;

    /// <summary>Distances or similarities of the neighbours in double precision, where they were computed here; null elsewhere. They go before <see cref="Distances"/>.</summary>
    public IReadOnlyList<double[]>? Measures { get; init; }

    /// <summary>Refuses a truth that names fewer neighbours than are asked for.</summary>
    /// <exception cref="ConsoleException">It does.</exception>
    public void MustReach(int k)
    {
        int least = Ids.Count == 0 ? 0 : Ids.Min(i => i.Length);
        if (least < k)
        {
            throw new ConsoleException($"The ground truth has {least:N0} neighbours for a query, and --k is {k:N0}; ask for {least:N0} or fewer.");
        }
    }

    /// <summary>
    /// The part of k hits that are right. Where distances are known, a hit is right that is no farther than the k-th neighbour, so that
    /// it does not matter which of equally near ones were found; the rule of ann-benchmarks, whose angular distance is 1 − cosine, and
    /// whose allowance for rounding those have that were computed by others.
    /// Elsewhere a hit is right whose id is among the first k.
    /// </summary>
    /// <param name="query">Which query.</param>
    /// <param name="hits">What was found for it.</param>
    /// <param name="metric">The collection's metric.</param>
    /// <param name="k">How many were asked for.</param>
    public double Recall(int query, IReadOnlyList<SearchHit> hits, Metric metric, int k)
    {
        if (Measures is not null)
        {
            double last = metric.Rank(Measures[query][k - 1]);
            double farthest = last + Math.Abs(last) * RoundingOfDoubles;
            return hits.Take(k).Count(h => metric.Rank(h.Score) <= farthest) / (double)k;
        }

        if (Distances is null)
        {
            HashSet<string> right = [.. Ids[query].Take(k)];
            return hits.Take(k).Count(h => right.Contains(h.Id)) / (double)k;
        }

        double threshold = Distances[query][k - 1] + Rounding;
        return hits.Take(k).Count(h => Distance(h.Score, metric) <= threshold) / (double)k;
    }

    private static double Distance(double score, Metric metric) => metric switch
    {
        Metric.L2 => score,
        Metric.Ip => -score,
        _ => 1 - score,
    };
}
