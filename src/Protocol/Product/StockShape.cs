using Trident.Protocol.Tables;

namespace Trident.Protocol.Product;

/// <summary>
/// What a batch of stock consists of. For the product <c>stock</c> all items are of one matrix, the table; for <c>beaver</c> each
/// item has a fresh matrix of its own. Items of one matrix are a group, and are checked together.
/// </summary>
/// <param name="Rows">Rows of the matrices: words of a mask.</param>
/// <param name="Columns">Their columns: words of a product.</param>
/// <param name="Items">Items that the batch yields.</param>
/// <param name="OwnMatrices">Whether each item has a matrix of its own.</param>
public readonly record struct StockShape(int Rows, int Columns, int Items, bool OwnMatrices)
{
    /// <summary>Items made in each group beyond those that it yields: one per check.</summary>
    public const int ExtraItems = 2;

    private const int MaxTableItems = 1 << 16;
    private const int MaxTableWords = 1 << 27;
    private const int MaxOwnItems = 4096;

    private const int PieceWords = 1 << 21;

    /// <summary>
    /// Items whose masked products a party sends in one message. All, but where items are so wide that all at once would take much
    /// memory: then pieces of about 8 MiB, opened one after the other.
    /// </summary>
    public int PieceItems => OwnMatrices ? All : Math.Clamp(PieceWords / Columns, 1, All);

    /// <summary>How many pieces that are.</summary>
    public int Pieces => (All + PieceItems - 1) / PieceItems;

    /// <summary>How many matrices, and so groups, there are.</summary>
    public int Groups => OwnMatrices ? Items : 1;

    /// <summary>Items that one group yields.</summary>
    public int PerGroup => OwnMatrices ? 1 : Items;

    /// <summary>Items with those that are thrown away.</summary>
    public int All => Items + Groups * ExtraItems;

    /// <summary>Bytes of a party's masked products.</summary>
    public long MaskedBytes => (long)All * Columns * sizeof(uint);

    /// <summary>The most bytes of one piece of them.</summary>
    public long PieceBytes => (long)PieceItems * Columns * sizeof(uint);

    /// <summary>Bytes of a party's combinations of masks: two per group.</summary>
    public long CheckMaskBytes => 2L * Groups * Rows * sizeof(uint);

    /// <summary>Bytes of a party's shares of zero: two per group.</summary>
    public long CheckZeroBytes => 2L * Groups * Columns * sizeof(uint);

    /// <summary>The shape of a batch for a table.</summary>
    public static StockShape Of(TableDescription table, int items) =>
        new(table.Rows, table.Words, items, table.Product == TableDescription.BeaverProduct);

    /// <summary>The most items that a batch for the table may have; the messages of such a batch bound what a peer may send.</summary>
    public static int MaxItems(TableDescription table) => table.Product == TableDescription.BeaverProduct
        ? Math.Clamp(TableDescription.MaxBeaverFrameWords / 2 / table.Rows, 3, MaxOwnItems)
        : Math.Clamp(MaxTableWords / table.Words, 12, MaxTableItems);
}
