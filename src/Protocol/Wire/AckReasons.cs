namespace Trident.Protocol.Wire;

/// <summary>What an acknowledgement says of the connection that it came on; both ends go by it.</summary>
public static class AckReasons
{
    /// <summary>
    /// Whether more frames may follow. A refusal that an honest peer can meet leaves the connection open, as other exchanges may be
    /// under way on it; after any other what follows cannot be trusted to be frames, and the receiver closes.
    /// </summary>
    public static bool LeavesConnectionOpen(this AckReason reason) =>
        reason is AckReason.Ok or AckReason.UnknownTable or AckReason.Replayed or AckReason.MailboxFull;
}
