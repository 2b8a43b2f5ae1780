namespace Trident.Protocol.Selection;

/// <summary>Bytes that are not a selector key for this party and table; the message says why.</summary>
public sealed class SelectorKeyException : FormatException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What was wrong and what to do.</param>
    public SelectorKeyException(string message)
        : base(message)
    {
    }
}
