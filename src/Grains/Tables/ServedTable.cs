using Trident.Protocol.Product;
using Trident.Protocol.Tables;
using Trident.Protocol.Wire;

namespace Trident.Grains.Tables;

/// <summary>Reads a table's share, rows × words elements, in the state of a revision.</summary>
public delegate T ReadShare<out T>(ReadOnlySpan<uint> matrix, long revision);

/// <summary>A table as this party serves it: its share, memory-mapped, and the stock made for it.</summary>
/// <param name="file">The share; disposed of with this.</param>
/// <param name="ledger">The stock.</param>
/// <param name="changes">What changes the share, and when it is read; null for a table that cannot be changed.</param>
public sealed class ServedTable(ShareFile file, StockLedger ledger, TableChanges? changes = null) : IDisposable
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Name, version and shape.</summary>
    public TableDescription Description => file.Description;

    /// <summary>The share file.</summary>
    public ShareFile File => file;

    /// <summary>The stock, and which of it is gone.</summary>
    public StockLedger Ledger => ledger;

    /// <summary>Ends when a batch is added or given up next. Take it before looking, so that nothing is missed between.</summary>
    public Task StockChanged
    {
        get { lock (_gate) { return _changed.Task; } }
    }

    /// <summary>Tells all who wait that a batch was added or given up.</summary>
    public void TellStockChanged()
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            changed = _changed;
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }

    /// <summary>What changes the table; null when nothing may.</summary>
    public TableChanges? Changes => changes;

    /// <summary>How often the table was changed since it was shared.</summary>
    public long Revision => changes?.Revision ?? 0;

    /// <summary>Reads the share in the state of one revision; a change waits for the end of <paramref name="read"/>.</summary>
    public T Read<T>(ReadShare<T> read) => changes is null ? read(file.Matrix, 0) : changes.Read(read);

    /// <summary>The most bytes that a query's frame of this kind can have for this table; 0 for a kind of another product.</summary>
    public long MaxShareBytes(FrameKind kind)
    {
        long rows = (long)Abstractions.QueryLimits.MaxRows(Description) * Description.Rows;
        return (kind, Description.Product) switch
        {
            (FrameKind.EShare, TableDescription.StockProduct) => rows * sizeof(uint),
            (FrameKind.BeaverShare, TableDescription.BeaverProduct) => sizeof(long) + rows * (Description.Words + 1) * sizeof(uint),
            _ => 0,
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        changes?.Dispose();
        file.Dispose();
    }
}

/// <summary>All tables of this party, by version.</summary>
public sealed class ServedTables(IEnumerable<ServedTable> tables) : IDisposable
{
    private readonly Dictionary<Guid, ServedTable> _tables = tables.ToDictionary(t => t.Description.Version);

    /// <summary>The tables.</summary>
    public IReadOnlyCollection<ServedTable> All => _tables.Values;

    /// <summary>The table of that version; <c>null</c> when this party has none.</summary>
    public ServedTable? Find(Guid version) => _tables.GetValueOrDefault(version);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ServedTable table in _tables.Values)
        {
            table.Dispose();
        }
    }
}
