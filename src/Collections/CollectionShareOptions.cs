using Trident.Collections.Import;
using Trident.Protocol.Collections;

namespace Trident.Collections;

/// <summary>What a collection is to be made of, beside its vectors.</summary>
public sealed record CollectionShareOptions
{
    /// <summary>What nearest means.</summary>
    public Metric Metric { get; init; } = Metric.L2;

    /// <summary>A file of ids: a line of text each, or .npy or .ivecs of whole numbers; null where a vector's id is its row.</summary>
    public string? Ids { get; init; }

    /// <summary>A file of payloads: JSON Lines (.jsonl, .ndjson, .json), or lines of text; null for none.</summary>
    public string? Payload { get; init; }

    /// <summary>The length of the lists of neighbours, 1 to 1,000 and less than there are vectors; 0 for no lists.</summary>
    public int Neighbours { get; init; }

    /// <summary>Whether a collection of that name may exist, and is then replaced.</summary>
    public bool Replace { get; init; }

    /// <summary>The seed by which vectors are chosen for measuring the scores' order. It decides nothing that is secret.</summary>
    public int Seed { get; init; } = Random.Shared.Next();

    /// <summary>Bytes that a pass over the vectors may fill before it is shared; more means fewer passes.</summary>
    public long PassMemory { get; init; } = ScoreRows.UsualMemory;
}

/// <summary>Where the sharing of a collection is.</summary>
/// <param name="Step">What is being done, for people: "sharing scores".</param>
/// <param name="Done">How much of <paramref name="Total"/> is done.</param>
/// <param name="Total">How much there is.</param>
public readonly record struct CollectionProgress(string Step, long Done, long Total);

/// <summary>A collection that was shared.</summary>
/// <param name="Description">What clients know of it.</param>
/// <param name="Order">How well the scores keep the order; null where they are exact, or the vectors too few to say.</param>
/// <param name="Seed">By which the vectors for that were chosen.</param>
/// <param name="ShareBytes">Bytes of one party's share files together.</param>
public sealed record SharedCollection(CollectionDescription Description, OrderQuality? Order, int Seed, long ShareBytes);
