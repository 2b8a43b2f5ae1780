using System.Runtime.InteropServices;
using Trident.Abstractions;
using Trident.Grains.Tables;
using Trident.Protocol.Field;
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
    private readonly List<PooledWords> _rented = [];
    private PooledWords? _answer;

    protected PartyProduct(ServedTable table, int party, int count)
    {
        (Table, Party, Count) = (table, party, count);
        (Rows, Columns) = (table.Description.Rows, table.Description.Words);
        _answer = new PooledWords(checked(count * Columns));
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

    /// <summary>count × columns: c from the stock, and in its place the answer share.</summary>
    protected Span<uint> C => (_answer ?? throw new ObjectDisposedException(nameof(PartyProduct))).Span;

    /// <summary>count × rows: selectors, then e-shares, then the opened e.</summary>
    protected abstract Span<uint> E { get; }

    /// <summary>Begins a query for <paramref name="count"/> rows.</summary>
    public static PartyProduct Of(ServedTable table, int party, int count) => table.Description.Product == TableDescription.BeaverProduct
        ? new BeaverProduct(table, party, count)
        : new StockProduct(table, party, count);

    /// <summary>Bytes that a query for <paramref name="count"/> rows holds while it is answered: its buffers, and the shares of two peers.</summary>
    public static long Bytes(TableDescription table, int count)
    {
        long message = (long)table.Rows * (table.Product == TableDescription.BeaverProduct ? table.Words + 1 : 1);
        return sizeof(uint) * count * (table.Words + (table.Product == TableDescription.BeaverProduct ? 4 : 3) * message);
    }

    /// <summary>Evaluates the keys; a score table's are shares of vectors already.</summary>
    /// <exception cref="SelectorKeyException">A key is malformed or another party's.</exception>
    public void Select(QueryPlaintext query)
    {
        for (int i = 0; i < Count; i++)
        {
            if (Table.Description.IsScores)
            {
                TakeVector(query.Key(i), E.Slice(i * Rows, Rows));
                continue;
            }

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

    /// <summary>Opens with one or both of the peers' messages (an absent one is empty), and computes this party's answer share; see <see cref="TakeAnswer"/>.</summary>
    /// <exception cref="OffTheLineException">Three shares are not on a line, or one has a word that is no element.</exception>
    public abstract void Answer(ReadOnlySpan<byte> fromLower, ReadOnlySpan<byte> fromHigher, out bool agreed);

    /// <summary>The computed answer share, count × columns words; it is the caller's from now on.</summary>
    public PooledWords TakeAnswer()
    {
        PooledWords answer = _answer ?? throw new ObjectDisposedException(nameof(PartyProduct));
        _answer = null;
        return answer;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _answer?.Dispose();
        _answer = null;
        _rented.ForEach(words => words.Dispose());
        _rented.Clear();
    }

    /// <summary>A pooled buffer of exactly so many words, returned at the end.</summary>
    protected Memory<uint> Rent(int words)
    {
        PooledWords rented = new(words);
        _rented.Add(rented);
        return rented.Memory;
    }

    private void TakeVector(ReadOnlySpan<byte> key, Span<uint> share)
    {
        if (key.Length != share.Length * sizeof(uint))
        {
            throw new SelectorKeyException(
                $"A query to the score table '{Table.Description.Name}' carries shares of vectors of {Rows} words, {Rows * sizeof(uint)} bytes; this one has {key.Length}.");
        }

        key.CopyTo(MemoryMarshal.AsBytes(share));
        if (!FieldVector.AllBelowP(share))
        {
            throw new SelectorKeyException("A word of a vector's share is not below p = 2^31 - 1, and is no element of the field.");
        }
    }

    /// <summary>Takes item after item from the ledger; c is copied out.</summary>
    protected void TakeEach(QueryPlaintext query, Action<int, StockItem> use)
    {
        for (int i = 0; i < Count; i++)
        {
            using StockItem item = Table.Ledger.Take(query.Ticket(i));
            use(i, item);
            item.C.CopyTo(C.Slice(i * Columns, Columns));
        }
    }
}
