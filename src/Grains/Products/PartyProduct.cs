using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Trident.Abstractions;
using Trident.Grains.Tables;
using Trident.Protocol.Product;
using Trident.Protocol.Selection;
using Trident.Protocol.Tables;
using Trident.Protocol.Wire;

namespace Trident.Grains.Products;

/// <summary>A peer's shares are of another state of the table than this party's.</summary>
public sealed class TableChangedException(string message) : Exception(message);

/// <summary>
/// One party's computation of one query, by the product that the table was shared for. Its steps are called in order: selectors,
/// mask, the exchange of what it gives to send, answer. Buffers are pooled, and zeroed when it is disposed of.
/// </summary>
internal abstract class PartyProduct : IDisposable
{
    private readonly List<(uint[] Array, int Words)> _rented = [];

    protected PartyProduct(ServedTable table, int party, int count)
    {
        (Table, Party, Count) = (table, party, count);
        (Rows, Columns) = (table.Description.Rows, table.Description.Words);
        C = Rent(count * Columns);
    }

    /// <summary>The kind of the frame that carries this party's shares to its peers.</summary>
    public abstract FrameKind Kind { get; }

    /// <summary>What goes to both peers, once masked.</summary>
    public abstract ReadOnlySpan<byte> Message { get; }

    protected ServedTable Table { get; }

    protected int Party { get; }

    protected int Count { get; }

    protected int Rows { get; }

    protected int Columns { get; }

    /// <summary>count × columns, from the stock.</summary>
    protected Memory<uint> C { get; }

    /// <summary>count × rows: selectors, then e-shares, then the opened e.</summary>
    protected abstract Span<uint> E { get; }

    /// <summary>Begins a query for <paramref name="count"/> rows.</summary>
    public static PartyProduct Of(ServedTable table, int party, int count) => table.Description.Product == TableDescription.BeaverProduct
        ? new BeaverProduct(table, party, count)
        : new StockProduct(table, party, count);

    /// <summary>Evaluates the keys.</summary>
    /// <exception cref="SelectorKeyException">A key is malformed or another party's.</exception>
    public void Select(QueryPlaintext query)
    {
        for (int i = 0; i < Count; i++)
        {
            using SelectorKey key = SelectorKey.Parse(query.Key(i), Party, Rows);
            key.Evaluate(E.Slice(i * Rows, Rows));
        }
    }

    /// <summary>Takes the query's items from the ledger and masks with them. From here on they are gone.</summary>
    /// <exception cref="TicketException">The ledger refuses a ticket.</exception>
    public abstract void Mask(QueryPlaintext query);

    /// <summary>Refuses a peer's message that cannot be opened with this party's.</summary>
    /// <exception cref="OffTheLineException">It has another length.</exception>
    /// <exception cref="TableChangedException">It is of another state of the table.</exception>
    public virtual void Check(int from, ReadOnlySpan<byte> message)
    {
        if (message.Length != Message.Length)
        {
            throw new OffTheLineException($"e-share check: party {from} sent {message.Length} bytes where {Message.Length} belong");
        }
    }

    /// <summary>Opens with one or both of the peers' messages (an absent one is empty), and computes this party's answer share.</summary>
    /// <exception cref="OffTheLineException">Three shares are not on a line, or one has a word that is no element.</exception>
    public abstract byte[] Answer(ReadOnlySpan<byte> fromLower, ReadOnlySpan<byte> fromHigher, out bool agreed);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((uint[] array, int words) in _rented)
        {
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(array.AsSpan(0, words)));
            ArrayPool<uint>.Shared.Return(array);
        }

        _rented.Clear();
    }

    /// <summary>A pooled buffer of exactly so many words, returned at the end.</summary>
    protected Memory<uint> Rent(int words)
    {
        uint[] array = ArrayPool<uint>.Shared.Rent(words);
        _rented.Add((array, words));
        return array.AsMemory(0, words);
    }

    /// <summary>Takes item after item from the ledger; c is copied out.</summary>
    protected void TakeEach(QueryPlaintext query, Action<int, StockItem> use)
    {
        for (int i = 0; i < Count; i++)
        {
            using StockItem item = Table.Ledger.Take(new Ticket(new BatchId(query.Batch(i)), query.Item(i)));
            use(i, item);
            item.C.CopyTo(C.Span.Slice(i * Columns, Columns));
        }
    }
}
