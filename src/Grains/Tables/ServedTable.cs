using Trident.Protocol.Product;
using Trident.Protocol.Tables;

namespace Trident.Grains.Tables;

/// <summary>A table as this party serves it: its share, memory-mapped, and the stock made for it.</summary>
public sealed class ServedTable(ShareFile file, StockLedger ledger) : IDisposable
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Name, version and shape.</summary>
    public TableDescription Description => file.Description;

    /// <summary>The share file.</summary>
    public ShareFile File => file;

    /// <summary>The stock, and which of it is gone.</summary>
    public StockLedger Ledger => ledger;

    /// <summary>Ends when stock is added next. Take it before looking, so that nothing is missed between.</summary>
    public Task StockChanged
    {
        get { lock (_gate) { return _changed.Task; } }
    }

    /// <summary>Tells all who wait that stock was added.</summary>
    public void StockAdded()
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            changed = _changed;
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }

    /// <summary>The most bytes that an e-share for this table can have.</summary>
    public long MaxEShareBytes => (long)Abstractions.QueryPlaintext.MaxCount * Description.Rows * sizeof(uint);

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
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
