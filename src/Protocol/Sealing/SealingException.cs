namespace Trident.Protocol.Sealing;

/// <summary>Sealed bytes that cannot be opened, or a key that nothing can be sealed to. The message says which and what to do.</summary>
public sealed class SealingException : Exception
{
    /// <summary>Takes the message for the reader.</summary>
    public SealingException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
