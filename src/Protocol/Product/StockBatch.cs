using Trident.Protocol.Sharing;

namespace Trident.Protocol.Product;

/// <summary>
/// One party's part of a checked batch: per item the share c of the product of the mask a with the item's matrix, which is the
/// table or, for the product <c>beaver</c>, a random b. Masks and matrices b are never held; they come from the PRSS again when
/// the item is used.
/// </summary>
public sealed class StockBatch : IDisposable
{
    private readonly PrssStream _mask;
    private readonly PrssStream? _matrices;
    private readonly ItemWords _c;

    internal StockBatch(BatchId id, Guid tableVersion, StockShape shape, ItemWords c, PrssStream mask, PrssStream? matrices) =>
        (Id, TableVersion, Items, _c, _mask, _matrices) = (id, tableVersion, shape.Items, c, mask, matrices);

    /// <summary>The batch's id.</summary>
    public BatchId Id { get; }

    /// <summary>The version of the table that it was made for.</summary>
    public Guid TableVersion { get; }

    /// <summary>How many items it yields.</summary>
    public int Items { get; }

    /// <summary>Bytes held, of items that were not forgotten.</summary>
    public long Bytes => _c.Bytes;

    /// <summary>Writes this party's share of the item's mask: one element per row.</summary>
    public void OpenMask(int item, Span<uint> a) => _mask.Degree1(item, a);

    /// <summary>Writes this party's share of the item's matrix b: rows × columns elements.</summary>
    /// <exception cref="InvalidOperationException">The items are of the table's matrix.</exception>
    public void OpenMatrix(int item, Span<uint> b)
    {
        if (_matrices is null)
        {
            throw new InvalidOperationException("Items of the product 'stock' have no matrix of their own.");
        }

        _matrices.Degree1(item, b);
    }

    /// <summary>This party's share of aᵀM or aᵀb: one element per word of a record.</summary>
    public ReadOnlySpan<uint> C(int item) => _c[item];

    /// <summary>Zeroes what is left of an item, and gives its memory back.</summary>
    public void Forget(int item) => _c.Forget(item);

    /// <summary>Zeroes everything.</summary>
    public void Dispose()
    {
        _c.Dispose();
        _mask.Dispose();
        _matrices?.Dispose();
    }
}
