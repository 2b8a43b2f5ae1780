namespace Trident.Protocol.Wire;

/// <summary>What a frame's body is. The numbers are on the wire.</summary>
public enum FrameKind : byte
{
    /// <summary>A query's masked selection vectors e, of one party.</summary>
    EShare = 1,

    /// <summary>A proposal to make a batch of stock.</summary>
    StockPropose = 2,

    /// <summary>A party's nonce towards the batch's id.</summary>
    StockNonce = 3,

    /// <summary>A party's masked products.</summary>
    StockMasked = 4,

    /// <summary>A party's digest of the batch and its coin share.</summary>
    StockCoin = 5,

    /// <summary>A party's combination of masks for the check.</summary>
    StockCheckMask = 6,

    /// <summary>A party's share of what must be zero.</summary>
    StockCheckZero = 7,

    /// <summary>A party that came up, with its session.</summary>
    Hello = 8,

    /// <summary>A query's masked selection vectors e and masked table f, of one party, for the product <c>beaver</c>.</summary>
    BeaverShare = 9,

    /// <summary>A party's vote on a change of a table; the query is the transaction.</summary>
    TableVote = 10,

    /// <summary>A request for the receiver's vote on a change of a table; who has not heard of it votes no.</summary>
    TableAsk = 11,

    /// <summary>A batch of stock that nothing more is leased of: the body is its id. All parties drop what is left of it some time after.</summary>
    StockClose = 12,
}

/// <summary>What became of a frame. The numbers are on the wire.</summary>
public enum AckReason : byte
{
    /// <summary>Authentic, and taken.</summary>
    Ok = 0,

    /// <summary>The header is malformed, or the body has another length than the header says.</summary>
    BadFrame,

    /// <summary>It is not from a peer of this party, or not to this party.</summary>
    UnknownPeer,

    /// <summary>It does not authenticate.</summary>
    Unauthentic,

    /// <summary>It came before, is older than the replay window, or is of a session before the newest.</summary>
    Replayed,

    /// <summary>It is larger than a frame, or than the table it names implies.</summary>
    TooLarge,

    /// <summary>This party does not hold that version of the table.</summary>
    UnknownTable,

    /// <summary>Too much waits for its query already.</summary>
    MailboxFull,

    /// <summary>Nobody waits for it any more.</summary>
    Stale,

    /// <summary>The party is shutting down.</summary>
    Stopping,
}
