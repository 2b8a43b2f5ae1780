using Orleans;

namespace Trident.Abstractions;

/// <summary>A change of one row, for one party. What is changed to what is inside <see cref="Sealed"/>, which only the data owner can make.</summary>
[GenerateSerializer, Immutable, Alias("trident.PutRequest")]
public sealed record PutRequest(
    [property: Id(0)] Guid TableVersion,
    [property: Id(1)] Guid Transaction,
    [property: Id(2)] byte[] Sealed);

/// <summary>What came of a change at one party: the table's revision with it made, or the reason why it is not.</summary>
[GenerateSerializer, Immutable, Alias("trident.PutAnswer")]
public sealed record PutAnswer([property: Id(0)] long Revision, [property: Id(1)] PutFailure? Failure)
{
    /// <summary>An answer that is a refusal.</summary>
    public static PutAnswer Refused(PutFailureKind kind, string message) => new(0, new PutFailure(kind, message));
}

/// <summary>Why a party did not make a change.</summary>
[GenerateSerializer, Immutable, Alias("trident.PutFailure")]
public sealed record PutFailure([property: Id(0)] PutFailureKind Kind, [property: Id(1)] string Message);

/// <summary>The reasons of <see cref="PutFailure"/>. After all but <see cref="Undecided"/> and <see cref="Internal"/> the change is made at no party.</summary>
public enum PutFailureKind
{
    /// <summary>Something in the party went wrong; its log says what.</summary>
    Internal = 0,
    /// <summary>The party serves no table of that version.</summary>
    UnknownTable,
    /// <summary>The table's product does not allow changes.</summary>
    NotChangeable,
    /// <summary>The deployment names no data owner.</summary>
    NoOwner,
    /// <summary>The change is not the data owner's, or was altered.</summary>
    NotAuthentic,
    /// <summary>A row or a word out of range.</summary>
    BadRequest,
    /// <summary>The party does not reach a peer.</summary>
    PeerDown,
    /// <summary>Another change is under way, or the table has changed since the caller looked.</summary>
    Conflict,
    /// <summary>Another party refused the change.</summary>
    PeerRefused,
    /// <summary>The party is ready to make the change and does not know whether all others are. It will be made by all or by none.</summary>
    Undecided,
    /// <summary>The grain was started in a silo of another party, and refused.</summary>
    ForeignSilo,
}
