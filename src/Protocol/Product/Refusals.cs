namespace Trident.Protocol.Product;

/// <summary>Shares that do not lie where they must: some party lies, or is broken. The message names the check.</summary>
public sealed class OffTheLineException(string message) : Exception(message);

/// <summary>A batch of stock failed a check and is thrown away. The message names the check.</summary>
public sealed class StockCheckException(string message) : Exception(message);

/// <summary>Why a ticket was refused.</summary>
public enum TicketRefusal
{
    /// <summary>The ledger holds no such batch or item.</summary>
    Unknown,

    /// <summary>The item went already.</summary>
    Used,

    /// <summary>The item is of the party's own third, and the party has not given it out.</summary>
    NotGivenOut,
}

/// <summary>A ticket that the ledger refuses.</summary>
public sealed class TicketException(TicketRefusal kind, string message) : Exception(message)
{
    /// <summary>Why.</summary>
    public TicketRefusal Kind { get; } = kind;
}
