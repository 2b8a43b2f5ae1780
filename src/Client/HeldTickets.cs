using Trident.Abstractions;
using Trident.Protocol.Product;

namespace Trident.Client;

/// <summary>A ticket of the pool.</summary>
/// <param name="Batch">Batch id, 32 bytes.</param>
/// <param name="Item">Item of the batch.</param>
internal readonly record struct LeasedTicket(byte[] Batch, int Item);

/// <summary>Tickets that are held ahead, the oldest first; each goes once, and one that is old is thrown away. Not thread-safe.</summary>
internal sealed class HeldTickets(TimeProvider time)
{
    private readonly LinkedList<Held> _tickets = new();
    private long _discarded;

    /// <summary>How many there are, old ones included until they are dropped.</summary>
    public int Count => _tickets.Count;

    /// <summary>Adds what a lease brought, if it is not thrown away already; how many tickets that are.</summary>
    /// <param name="brought">The lease.</param>
    /// <param name="lease">Its number.</param>
    /// <param name="since">When it was asked for, as a timestamp.</param>
    public int Add(TicketLease brought, long lease, long since)
    {
        int before = _tickets.Count;
        foreach (TicketRange range in lease > _discarded ? brought.Ranges.Where(r => r.Batch.Length == 32) : [])
        {
            foreach (int item in range.Items)
            {
                _tickets.AddLast(new Held(new LeasedTicket(range.Batch, item), lease, since));
            }
        }

        return _tickets.Count - before;
    }

    /// <summary>Takes the oldest; null when there are not so many.</summary>
    public LeasedTicket[]? Take(int count)
    {
        DropOld();
        if (_tickets.Count < count)
        {
            return null;
        }

        LeasedTicket[] taken = new LeasedTicket[count];
        for (int i = 0; i < count; i++)
        {
            taken[i] = _tickets.First!.Value.Ticket;
            _tickets.RemoveFirst();
        }

        return taken;
    }

    /// <summary>Throws away those that the parties may soon know no more.</summary>
    public void DropOld()
    {
        // Leases may overtake one another by a little, so an old one may stand behind a younger; it goes when that one does.
        while (_tickets.First is { } first && time.GetElapsedTime(first.Value.Since) > StockLedger.TicketLifetime)
        {
            _tickets.RemoveFirst();
        }
    }

    /// <summary>Throws away the tickets of batches.</summary>
    public void DiscardBatches(IReadOnlyList<byte[]> batches) => Discard(held => batches.Any(b => b.AsSpan().SequenceEqual(held.Ticket.Batch)));

    /// <summary>Throws away what came from leases up to that number, those included that are still on their way.</summary>
    public void DiscardLeases(long upTo)
    {
        _discarded = Math.Max(_discarded, upTo);
        Discard(held => held.Lease <= upTo);
    }

    private void Discard(Func<Held, bool> which)
    {
        for (LinkedListNode<Held>? node = _tickets.First, next; node is not null; node = next)
        {
            next = node.Next;
            if (which(node.Value))
            {
                _tickets.Remove(node);
            }
        }
    }

    private readonly record struct Held(LeasedTicket Ticket, long Lease, long Since);
}
