namespace Trident.Protocol.Wire;

/// <summary>How a party acknowledges a frame.</summary>
public enum AckReason : byte
{
    /// <summary>It is authentic and was handed on.</summary>
    Ok = 0,

    /// <summary>It is no frame, of another version, or cut short.</summary>
    BadFrame,

    /// <summary>It is not for this party, or not from a peer of it.</summary>
    UnknownPeer,

    /// <summary>It does not open under the key that the two parties share.</summary>
    Unauthentic,

    /// <summary>It came before, or its session is older than one that was heard.</summary>
    Replayed,

    /// <summary>It is larger than its table allows.</summary>
    TooLarge,

    /// <summary>This party serves no such table.</summary>
    UnknownTable,

    /// <summary>Nothing more can wait here, or the same frame waits already.</summary>
    MailboxFull,

    /// <summary>What it belongs to is over.</summary>
    Stale,

    /// <summary>The party is stopping.</summary>
    Stopping,
}

/// <summary>An opened frame: its body when the reason is <see cref="AckReason.Ok"/>.</summary>
public readonly record struct FrameOpening(AckReason Reason, byte[]? Body);
