namespace Trident.Protocol.Wire;

/// <summary>A frame or an acknowledgement that cannot be taken for one.</summary>
public sealed class WireException : Exception
{
    /// <summary>Takes the reason to acknowledge with, and the message for the reader.</summary>
    public WireException(AckReason reason, string message)
        : base(message) => Reason = reason;

    /// <summary>What the sender is told.</summary>
    public AckReason Reason { get; }
}
