namespace Trident.Protocol.Product;

/// <summary>An item that the ledger gave out for use, once. Disposing it zeroes its c.</summary>
public readonly struct StockItem(StockBatch batch, int item) : IDisposable
{
    /// <summary>This party's share of aᵀM, or of aᵀb.</summary>
    public ReadOnlySpan<uint> C => batch.C(item);

    /// <summary>Writes this party's share of the mask a.</summary>
    public void OpenMask(Span<uint> a) => batch.OpenMask(item, a);

    /// <summary>Writes this party's share of the matrix b, for the product <c>beaver</c>.</summary>
    public void OpenMatrix(Span<uint> b) => batch.OpenMatrix(item, b);

    /// <inheritdoc/>
    public void Dispose() => batch.Forget(item);
}

/// <summary>
/// One party's record of a table's stock: which items may be leased, and that each goes once. A used mask would show the
/// difference of two queries, so an item is marked before anything is computed from it. Thread-safe; nothing is ever written to disk.
/// </summary>
public sealed class StockLedger(int party, long maximumBytes = long.MaxValue)
{
    private const int RetiredBatchesKept = 4;
    private readonly Lock _gate = new();
    private readonly Dictionary<BatchId, Entry> _batches = [];
    private readonly List<Entry> _order = [];

    /// <summary>The party whose ledger this is.</summary>
    public int Party => party;

    /// <summary>Tickets given out.</summary>
    public long Leased { get; private set; }

    /// <summary>Items that went.</summary>
    public long Used { get; private set; }

    /// <summary>Tickets refused because their item had gone.</summary>
    public long RefusedUsed { get; private set; }

    /// <summary>Tickets refused because there is no such batch or item.</summary>
    public long RefusedUnknown { get; private set; }

    /// <summary>Items that are neither used nor retired.</summary>
    public long Available
    {
        get { lock (_gate) { return _order.Where(e => !e.Retired).Sum(e => (long)e.Unused); } }
    }

    /// <summary>Bytes that all batches hold.</summary>
    public long BytesHeld
    {
        get { lock (_gate) { return _order.Sum(e => e.Batch.Bytes); } }
    }

    /// <summary>Items that <paramref name="party"/> may still give out.</summary>
    public long Leasable(int party)
    {
        lock (_gate)
        {
            return _order.Where(e => !e.Retired).Sum(e => (long)e.Leasable(party));
        }
    }

    /// <summary>Whether the batch is held.</summary>
    public bool Knows(BatchId batch)
    {
        lock (_gate)
        {
            return _batches.ContainsKey(batch);
        }
    }

    /// <summary>
    /// Adds a checked batch. Beyond the ledger's bytes the oldest batches go: what is left of them are tickets that somebody
    /// leased and never used, which else would hold their batch for ever. Such a ticket is then refused as unknown.
    /// </summary>
    public void Add(StockBatch batch)
    {
        lock (_gate)
        {
            Entry entry = new(batch);
            _batches.Add(batch.Id, entry);
            _order.Add(entry);
            foreach (Entry gone in _order.Where(e => e.Unused == 0).Concat(_order.Where(e => e.Retired).SkipLast(RetiredBatchesKept)).Distinct().ToArray())
            {
                // Who still computes with an item of it holds the batch; the memory goes with the last of them.
                Drop(gone);
            }

            while (_order.Count > 1 && _order.Sum(e => e.Batch.Bytes) > maximumBytes)
            {
                // The oldest, whatever this party has left of it to give out: then all parties drop the same one. A party that kept it would
                // go on giving out tickets that the others no longer know.
                Drop(_order[0]);
            }
        }
    }

    /// <summary>Gives out <paramref name="count"/> tickets of the party's own third (item mod 3 = party − 1), or as many as there are; false when there are none.</summary>
    public bool TryLease(int party, int count, List<Ticket> tickets)
    {
        lock (_gate)
        {
            int before = tickets.Count;
            foreach (Entry entry in _order)
            {
                while (!entry.Retired && tickets.Count < count && entry.NextLease(party) is int item and >= 0)
                {
                    tickets.Add(new Ticket(entry.Batch.Id, item));
                    Leased++;
                }
            }

            return tickets.Count > before;
        }
    }

    /// <summary>Takes an item out, once.</summary>
    /// <exception cref="TicketException">There is no such item, or it has gone.</exception>
    public StockItem Take(Ticket ticket)
    {
        lock (_gate)
        {
            if (!_batches.TryGetValue(ticket.Batch, out Entry? entry) || (uint)ticket.Item >= (uint)entry.Batch.Items)
            {
                RefusedUnknown++;
                throw new TicketException(TicketRefusal.Unknown, $"There is no item {ticket.Item} of batch {ticket.Batch} here; lease new tickets.");
            }

            // Of the other thirds, only the parties that give them out know what they gave.
            if (ticket.Item % 3 == Party - 1 && !entry.GaveOut(ticket.Item))
            {
                RefusedUnknown++;
                throw new TicketException(TicketRefusal.NotGivenOut, $"Item {ticket.Item} of batch {ticket.Batch} was not given out; lease a ticket first.");
            }

            if (!entry.TryUse(ticket.Item))
            {
                RefusedUsed++;
                throw new TicketException(TicketRefusal.Used, $"Item {ticket.Item} of batch {ticket.Batch} was used before; a ticket serves once.");
            }

            Used++;
            return new StockItem(entry.Batch, ticket.Item);
        }
    }

    /// <summary>Lets no more tickets be leased of the batches that are held now; leased ones may still be used for a while.</summary>
    public void Retire()
    {
        lock (_gate)
        {
            _order.ForEach(e => e.Retired = true);
        }
    }

    private void Drop(Entry entry)
    {
        _order.Remove(entry);
        _batches.Remove(entry.Batch.Id);
    }

    private sealed class Entry(StockBatch batch)
    {
        private readonly ulong[] _used = new ulong[(batch.Items + 63) / 64];
        private readonly int[] _next = [0, 1, 2];

        public StockBatch Batch => batch;

        public bool Retired { get; set; }

        public int Unused { get; private set; } = batch.Items;

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

        public bool TryUse(int item)
        {
            ulong bit = 1UL << (item & 63);
            if ((_used[item >> 6] & bit) != 0)
            {
                return false;
            }

            _used[item >> 6] |= bit;
            Unused--;
            return true;
        }
    }
}
