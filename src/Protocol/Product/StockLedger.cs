namespace Trident.Protocol.Product;

/// <summary>
/// One party's record of a table's stock: which items may be leased, and that each goes once. A used mask would show the
/// difference of two queries, so an item is marked before anything is computed from it. Thread-safe; nothing is ever written to disk.
/// </summary>
/// <remarks>
/// A batch goes when its last item does. Tickets that somebody leased and never used would hold it for ever: so a batch can be closed,
/// by all parties together, and goes a while after that, when no client has a ticket of it that it would still use.
/// </remarks>
/// <param name="party">The party whose ledger this is.</param>
/// <param name="maximumBytes">What it may hold; whoever makes stock keeps to it, <see cref="Add"/> does not.</param>
/// <param name="time">The clock that closed batches go by.</param>
public sealed class StockLedger(int party, long maximumBytes = long.MaxValue, TimeProvider? time = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _gate = new();
    private readonly Dictionary<BatchId, StockEntry> _batches = [];
    private readonly List<StockEntry> _order = [];
    private readonly HashSet<BatchId> _making = [];

    /// <summary>How long after it was leased a ticket may still be used; clients throw older ones away.</summary>
    public static readonly TimeSpan TicketLifetime = TimeSpan.FromSeconds(30);

    /// <summary>How long a closed batch stays: the lifetime of the last ticket, and that of a query that was begun with it.</summary>
    public static readonly TimeSpan StaysClosed = TicketLifetime + TimeSpan.FromSeconds(60);

    /// <summary>The party whose ledger this is.</summary>
    public int Party => party;

    /// <summary>What the ledger may hold, in bytes.</summary>
    public long MaximumBytes => maximumBytes;

    /// <summary>Tickets given out.</summary>
    public long Leased { get; private set; }

    /// <summary>Items that went.</summary>
    public long Used { get; private set; }

    /// <summary>Tickets refused because their item had gone.</summary>
    public long RefusedUsed { get; private set; }

    /// <summary>Tickets refused because there is no such batch or item.</summary>
    public long RefusedUnknown { get; private set; }

    /// <summary>Items that are neither used nor in a closed batch.</summary>
    public long Available
    {
        get { lock (_gate) { return _order.Where(e => !e.Closed).Sum(e => (long)e.Unused); } }
    }

    /// <summary>Bytes that all batches hold.</summary>
    public long BytesHeld
    {
        get { lock (_gate) { return _order.Sum(e => e.Bytes); } }
    }

    /// <summary>Bytes of batches that are not closed, and so will not go by themselves.</summary>
    public long BytesOpen
    {
        get { lock (_gate) { return _order.Where(e => !e.Closed).Sum(e => e.Bytes); } }
    }

    /// <summary>Batches that are being made.</summary>
    public int Making
    {
        get { lock (_gate) { return _making.Count; } }
    }

    /// <summary>Items that <paramref name="party"/> may still give out.</summary>
    public long Leasable(int party)
    {
        lock (_gate)
        {
            return _order.Where(e => !e.Closed).Sum(e => (long)e.Leasable(party));
        }
    }

    /// <summary>Notes that a batch is being made: a peer that has finished it may give out its tickets before this party has.</summary>
    public void Begin(BatchId batch)
    {
        lock (_gate)
        {
            _making.Add(batch);
        }
    }

    /// <summary>Notes that a batch is no longer being made. <see cref="Add"/> does it too.</summary>
    public void GiveUp(BatchId batch)
    {
        lock (_gate)
        {
            _making.Remove(batch);
        }
    }

    /// <summary>Whether the batch is being made here at this moment.</summary>
    public bool IsMaking(BatchId batch)
    {
        lock (_gate)
        {
            return _making.Contains(batch);
        }
    }

    /// <summary>Adds a checked batch.</summary>
    public void Add(StockBatch batch)
    {
        lock (_gate)
        {
            StockEntry entry = new(batch);
            _batches.Add(batch.Id, entry);
            _order.Add(entry);
            _making.Remove(batch.Id);
        }
    }

    /// <summary>Gives out <paramref name="count"/> tickets of the party's own third (item mod 3 = party − 1), or as many as there are; false when there are none.</summary>
    public bool TryLease(int party, int count, List<Ticket> tickets)
    {
        lock (_gate)
        {
            int before = tickets.Count;
            foreach (StockEntry entry in _order)
            {
                while (!entry.Closed && tickets.Count < count && entry.NextLease(party) is int item and >= 0)
                {
                    tickets.Add(new Ticket(entry.Id, item));
                    Leased++;
                }
            }

            return tickets.Count > before;
        }
    }

    /// <summary>Refuses a ticket as <see cref="Take"/> would at this moment, and takes nothing.</summary>
    /// <exception cref="TicketException">There is no such item, or it has gone.</exception>
    public void Check(Ticket ticket)
    {
        lock (_gate)
        {
            Find(ticket);
        }
    }

    /// <summary>Takes an item out, once.</summary>
    /// <exception cref="TicketException">There is no such item, or it has gone.</exception>
    public StockItem Take(Ticket ticket)
    {
        lock (_gate)
        {
            StockEntry entry = Find(ticket);
            entry.Use(ticket.Item);
            Used++;
            return new StockItem(this, entry, ticket.Item);
        }
    }

    /// <summary>The oldest batch that is not closed; null when there is none.</summary>
    public BatchId? OldestOpen
    {
        get { lock (_gate) { return _order.Find(e => !e.Closed)?.Id; } }
    }

    /// <summary>Lets no more tickets be leased of a batch; leased ones may still be used for <see cref="StaysClosed"/>.</summary>
    public void Close(BatchId batch)
    {
        lock (_gate)
        {
            if (_batches.TryGetValue(batch, out StockEntry? entry))
            {
                entry.ClosedAt ??= _time.GetTimestamp();
            }
        }
    }

    /// <summary>Closes all batches that are held now: a peer has lost its part of them.</summary>
    public void CloseAll()
    {
        lock (_gate)
        {
            _order.ForEach(e => e.ClosedAt ??= _time.GetTimestamp());
        }
    }

    /// <summary>Drops the batches that were closed long enough ago; zeroes them once no query uses an item of them.</summary>
    public void Sweep()
    {
        lock (_gate)
        {
            foreach (StockEntry entry in _order.Where(e => e.ClosedAt is { } at && _time.GetElapsedTime(at) > StaysClosed).ToArray())
            {
                Drop(entry);
            }
        }
    }

    internal void Done(StockEntry entry, int item)
    {
        lock (_gate)
        {
            entry.Done(item);
            if (entry.Unused == 0)
            {
                Drop(entry);
            }
        }
    }

    /// <summary>Under the lock.</summary>
    private StockEntry Find(Ticket ticket)
    {
        if (!_batches.TryGetValue(ticket.Batch, out StockEntry? entry) || (uint)ticket.Item >= (uint)entry.Items)
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

        if (entry.IsUsed(ticket.Item))
        {
            RefusedUsed++;
            throw new TicketException(TicketRefusal.Used, $"Item {ticket.Item} of batch {ticket.Batch} was used before; a ticket serves once.");
        }

        return entry;
    }

    private void Drop(StockEntry entry)
    {
        if (_batches.Remove(entry.Id))
        {
            _order.Remove(entry);
        }

        entry.Dispose();
    }
}
