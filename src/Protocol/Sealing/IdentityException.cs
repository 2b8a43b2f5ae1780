namespace Trident.Protocol.Sealing;

/// <summary>An identity file or a description of the parties that is missing, malformed, unsafe, or not of this party.</summary>
public sealed class IdentityException : Exception
{
    /// <summary>Takes the message for the reader.</summary>
    public IdentityException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
