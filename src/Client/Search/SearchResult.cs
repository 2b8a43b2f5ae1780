using Trident.Protocol.Collections;
using Trident.Protocol.Tables;

namespace Trident.Client;

/// <summary>What a search brought.</summary>
public sealed class SearchResult
{
    /// <summary>The nearest vectors, nearest first, ties by row: as many as were asked for.</summary>
    public required IReadOnlyList<SearchHit> Hits { get; init; }

    /// <summary>
    /// Whether in both rounds all three parties answered and agreed; see <see cref="FetchResult.Verified"/>. False means that a round
    /// was answered by two parties, whose answers nobody could check.
    /// </summary>
    public bool Verified => Unverified is null;

    /// <summary>Why a round's answer could not be checked, in words for a log; null when both are verified.</summary>
    public required string? Unverified { get; init; }

    /// <summary>
    /// Whether it is certain that no vector of the collection is nearer than the last hit, apart from vectors equally near. Always so
    /// where scores are exact: a collection scored as whole numbers, asked with whole numbers; but under ip not with a query so long
    /// that its scores would overflow, which is scored in coarser steps. Otherwise scores are rounded, and it is certain where the
    /// bound of what rounding can do leaves no doubt. That bound is for the worst case, which vectors hardly ever meet: false does
    /// not mean that a hit is wrong.
    /// </summary>
    public required bool Exact { get; init; }

    /// <summary>From the call to the hits. Queries of a batch that were asked together have this time together.</summary>
    public required TimeSpan Latency { get; init; }

    /// <summary>The first round: scores of all vectors.</summary>
    public required TimeSpan ScoreLatency { get; init; }

    /// <summary>The second round: the records of the best.</summary>
    public required TimeSpan RecordLatency { get; init; }

    /// <summary>Attempts of both rounds together, 2 when each succeeded at once; more for a k that takes several requests.</summary>
    public required int Attempts { get; init; }

    /// <summary>Bytes that a party sent to each of its peers for the queries that were asked together, both rounds; the most of any party.</summary>
    public required long BytesToEachPeer { get; init; }

    /// <summary>The collection, as it was when it was asked.</summary>
    public required CollectionDescription Collection { get; init; }
}

/// <summary>One vector that a search found.</summary>
/// <param name="Id">Its id; its row where the collection was shared without ids.</param>
/// <param name="Row">Its row: vectors stand in the order of their ids.</param>
/// <param name="Score">Computed from the original numbers in double precision: the Euclidean distance, the inner product, or the cosine.</param>
/// <param name="Payload">What was shared with it; null where the collection has no payloads.</param>
/// <param name="Vector">Its bytes as they were shared, little endian.</param>
/// <param name="Element">What one of its elements is.</param>
public sealed record SearchHit(string Id, int Row, double Score, string? Payload, ReadOnlyMemory<byte> Vector, ElementKind Element)
{
    /// <summary>The vector's numbers.</summary>
    public double[] Numbers()
    {
        double[] numbers = new double[Vector.Length / RecordShape.SizeOf(Element)];
        VectorNumbers.Read(Element, Vector.Span, numbers);
        return numbers;
    }
}

/// <summary>The nearest neighbours of a vector of a collection, as they were found when it was shared.</summary>
/// <param name="Ids">Their ids, nearest first, without the vector's own.</param>
/// <param name="Unverified">As <see cref="FetchResult.Unverified"/>.</param>
/// <param name="Latency">From the call to the opened list.</param>
public sealed record NeighbourList(IReadOnlyList<string> Ids, string? Unverified, TimeSpan Latency)
{
    /// <summary>As <see cref="FetchResult.Verified"/>.</summary>
    public bool Verified => Unverified is null;
}
