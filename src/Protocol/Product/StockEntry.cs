namespace Trident.Protocol.Product;

/// <summary>A batch in the ledger, and what became of its items. Its ledger's lock guards it.</summary>
internal sealed class StockEntry(StockBatch batch) : IDisposable
{
    private readonly ulong[] _used = new ulong[(batch.Items + 63) / 64];
    private readonly int[] _next = [0, 1, 2];
    private int _inUse;
    private bool _disposed;

    public StockBatch Batch => batch;

    public BatchId Id => batch.Id;

    public int Items => batch.Items;

    public long Bytes => batch.Bytes;

    public int Unused { get; private set; } = batch.Items;

    /// <summary>When nothing was leased of it any more, as a timestamp; null while it is open.</summary>
    public long? ClosedAt { get; set; }

    public bool Closed => ClosedAt is not null;

    public int Leasable(int party) => Math.Max(0, (batch.Items - _next[party - 1] + 2) / 3);

    public int NextLease(int party)
    {
        int item = _next[party - 1];
        if (item >= batch.Items)
        {
            return -1;
        }

        _next[party - 1] += 3;
        return item;
    }

    public bool GaveOut(int item) => item < _next[item % 3];

    public bool IsUsed(int item) => (_used[item >> 6] & 1UL << (item & 63)) != 0;

    public void Use(int item)
    {
        _used[item >> 6] |= 1UL << (item & 63);
        Unused--;
        _inUse++;
    }

    public void Done(int item)
    {
        batch.Forget(item);
        _inUse--;
        if (_disposed && _inUse == 0)
        {
            batch.Dispose();
        }
    }

    /// <summary>Zeroes the batch, at once or with the last of those that use an item of it.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            if (_inUse == 0)
            {
                batch.Dispose();
            }
        }
    }
}

/// <summary>An item that the ledger gave out for use, once. It is disposed of once, which zeroes its c.</summary>
public readonly struct StockItem : IDisposable
{
    private readonly StockLedger _ledger;
    private readonly StockEntry _entry;
    private readonly int _item;

    internal StockItem(StockLedger ledger, StockEntry entry, int item) => (_ledger, _entry, _item) = (ledger, entry, item);

    /// <summary>This party's share of aᵀM, or of aᵀb.</summary>
    public ReadOnlySpan<uint> C => _entry.Batch.C(_item);

    /// <summary>Writes this party's share of the mask a.</summary>
    public void OpenMask(Span<uint> a) => _entry.Batch.OpenMask(_item, a);

    /// <summary>Writes this party's share of the matrix b, for the product <c>beaver</c>.</summary>
    public void OpenMatrix(Span<uint> b) => _entry.Batch.OpenMatrix(_item, b);

    /// <inheritdoc/>
    public void Dispose() => _ledger.Done(_entry, _item);
}
