using Trident.Abstractions;

namespace Trident.Client;

/// <summary>What a query to a score table brought.</summary>
/// <param name="Words">The product of each vector with the table, count × <c>table.Words</c> words below p.</param>
/// <param name="Unverified">As <see cref="FetchResult.Unverified"/>.</param>
/// <param name="Latency">From the call to the opened words, all attempts together.</param>
/// <param name="Phases">Where the time went at parties 1, 2 and 3; zeros for a party whose answer was not used.</param>
/// <param name="BytesToEachPeer">Bytes of frames that a party sent to each of its peers; the most of any party.</param>
/// <param name="Attempts">How many attempts it took, 1 or more.</param>
internal sealed record ScoreAnswer(uint[] Words, string? Unverified, TimeSpan Latency, PhaseTimes[] Phases, long BytesToEachPeer, int Attempts)
{
    /// <summary>As <see cref="FetchResult.Verified"/>.</summary>
    public bool Verified => Unverified is null;
}
