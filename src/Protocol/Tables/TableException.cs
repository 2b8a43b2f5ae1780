namespace Trident.Protocol.Tables;

/// <summary>
/// A table, a share file or a file of vectors that cannot be used. The message says what is wrong, where, and what to do about it;
/// it is meant to be shown to the person who named the file.
/// </summary>
public sealed class TableException : Exception
{
    /// <summary>Makes the exception with its message.</summary>
    public TableException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with its message and what caused it.</summary>
    public TableException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
