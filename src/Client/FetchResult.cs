using Trident.Abstractions;
using Trident.Protocol.Tables;

namespace Trident.Client;

/// <summary>What a fetch brought.</summary>
public sealed class FetchResult
{
    /// <summary>The records, in the order in which the rows were asked for; each of <c>Table.Shape.Bytes</c> bytes.</summary>
    public required byte[][] Records { get; init; }

    /// <summary>
    /// Whether all three parties answered and agreed: at each of them all three e-shares lay on one line, and so do the three
    /// answer shares. False means that two parties answered and that nobody could check them.
    /// </summary>
    public bool Verified => Unverified is null;

    /// <summary>Why the answer could not be checked, in words for a log; null when it is verified.</summary>
    public required string? Unverified { get; init; }

    /// <summary>From the call to the opened records, all attempts together.</summary>
    public required TimeSpan Latency { get; init; }

    /// <summary>Where the time went at parties 1, 2 and 3; zeros for a party whose answer was not used.</summary>
    public required PhaseTimes[] Phases { get; init; }

    /// <summary>Bytes of frames that a party sent to each of its peers for this query; the most of any party.</summary>
    public required long BytesToEachPeer { get; init; }

    /// <summary>How many attempts it took, 1 or more.</summary>
    public required int Attempts { get; init; }

    /// <summary>The table, in the version that was asked.</summary>
    public required TableDescription Table { get; init; }
}
