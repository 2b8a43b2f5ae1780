using System.Diagnostics;
using Trident.Abstractions;

namespace Trident.Client;

/// <summary>A ticket of the pool.</summary>
/// <param name="Batch">Batch id, 32 bytes.</param>
/// <param name="Item">Item of the batch.</param>
internal readonly record struct LeasedTicket(byte[] Batch, int Item);

/// <summary>
/// Tickets of one table version, leased ahead: when half are used, more are leased in the background. Each ticket is handed
/// out once. A lease that brings nothing is tried again (by the caller's rotation, with another party) for as long as
/// somebody waits.
/// </summary>
/// <param name="ahead">How many tickets to hold.</param>
/// <param name="lease">
/// One lease of up to so many tickets from one party, caused by the query whose waiting this span is: the first of those that wait, and
/// null when none waits or its waiting is not traced. It throws when trying again is useless. Nothing of the callers' is current while
/// it runs.
/// </param>
/// <param name="stopping">Ends the background work.</param>
internal sealed class LeasePool(int ahead, Func<int, Activity?, CancellationToken, Task<TicketLease>> lease, CancellationToken stopping)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(50);

    private readonly Lock _lock = new();
    private readonly LinkedList<(LeasedTicket Ticket, long Lease)> _tickets = new();
    private readonly LinkedList<Activity?> _waiting = new();
    private TaskCompletionSource _changed = NewSignal();
    private bool _refilling;
    private int _awaited;
    private long _leases;
    private long _discarded;

    /// <summary>How many tickets are held.</summary>
    public int Held
    {
        get { lock (_lock) { return _tickets.Count; } }
    }

    /// <summary>The number of the last lease that was begun.</summary>
    public long Leases
    {
        get { lock (_lock) { return _leases; } }
    }

    /// <summary>Why the last lease brought nothing; null when it brought tickets.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Takes tickets, the oldest first, if there are enough; null when they have to be waited for.</summary>
    public LeasedTicket[]? TryTake(int count)
    {
        lock (_lock)
        {
            return Take(count);
        }
    }

    /// <summary>Takes tickets, the oldest first; waits for them if need be.</summary>
    /// <param name="count">How many.</param>
    /// <param name="waiting">The span of this waiting, for the leases that it causes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<LeasedTicket[]> TakeAsync(int count, Activity? waiting, CancellationToken cancellationToken)
    {
        LinkedListNode<Activity?> place = new(waiting);
        lock (_lock)
        {
            _awaited += count;
            _waiting.AddLast(place);
        }

        try
        {
            while (true)
            {
                Task changed;
                lock (_lock)
                {
                    if (Take(count) is { } taken)
                    {
                        return taken;
                    }

                    changed = _changed.Task;
                    StartRefill();
                }

                await changed.WaitAsync(cancellationToken);
            }
        }
        finally
        {
            lock (_lock)
            {
                _awaited -= count;
                _waiting.Remove(place);
            }
        }
    }

    /// <summary>Throws away the tickets of batches that a party does not know.</summary>
    public void DiscardBatches(IEnumerable<byte[]> batches)
    {
        byte[][] unknown = [.. batches];
        Discard(entry => unknown.Any(b => b.AsSpan().SequenceEqual(entry.Ticket.Batch)));
    }

    /// <summary>Throws away what came from leases up to that number, those included that are still on their way.</summary>
    public void DiscardLeases(long upTo)
    {
        lock (_lock)
        {
            _discarded = Math.Max(_discarded, upTo);
        }

        Discard(entry => entry.Lease <= upTo);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Discard(Func<(LeasedTicket Ticket, long Lease), bool> which)
    {
        lock (_lock)
        {
            for (LinkedListNode<(LeasedTicket Ticket, long Lease)>? node = _tickets.First, next; node is not null; node = next)
            {
                next = node.Next;
                if (which(node.Value))
                {
                    _tickets.Remove(node);
                }
            }
        }
    }

    /// <summary>Called under the lock.</summary>
    private LeasedTicket[]? Take(int count)
    {
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

        if (_tickets.Count <= ahead / 2)
        {
            StartRefill();
        }

        return taken;
    }

    /// <summary>Called under the lock.</summary>
    private void StartRefill()
    {
        if (!_refilling && !stopping.IsCancellationRequested)
        {
            _refilling = true;
            // Without the context of who happens to start it: what it brings is for whoever comes.
            ThreadPool.UnsafeQueueUserWorkItem(static pool => _ = pool.RefillAsync(), this, preferLocal: false);
        }
    }

    private async Task RefillAsync()
    {
        int failures = 0;
        while (true)
        {
            int wanted;
            long number;
            Activity? waiting;
            lock (_lock)
            {
                wanted = Math.Max(ahead, _awaited) - _tickets.Count;
                bool needed = _tickets.Count < _awaited;
                if (wanted <= 0 || (failures > 0 && !needed) || stopping.IsCancellationRequested)
                {
                    _refilling = false;
                    return;
                }

                number = ++_leases;
                waiting = needed ? _waiting.First?.Value : null;
            }

            try
            {
                TicketLease brought = await lease(Math.Min(wanted, QueryPlaintext.MaxCount), waiting, stopping);
                failures = Add(brought, number) == 0 ? failures + 1 : 0;
                Trouble = failures > 0 ? brought.Failure?.Message ?? "a party gave an empty lease" : null;
                if (failures > 0 && failures % 3 == 0)
                {
                    // All three were asked.
                    await Task.Delay(RetryDelay, stopping);
                }
            }
            catch (Exception e)
            {
                // Everyone who waits now gets it; whoever comes later tries again.
                TaskCompletionSource changed;
                lock (_lock)
                {
                    _refilling = false;
                    (changed, _changed) = (_changed, NewSignal());
                }

                Trouble = e.Message;
                changed.TrySetException(e);
                _ = changed.Task.Exception; // nobody may be waiting
                return;
            }
        }
    }

    private int Add(TicketLease brought, long number)
    {
        int added = 0;
        TaskCompletionSource changed;
        lock (_lock)
        {
            foreach (TicketRange range in number > _discarded ? brought.Ranges : [])
            {
                if (range.Batch.Length != 32)
                {
                    continue;
                }

                foreach (int item in range.Items)
                {
                    _tickets.AddLast((new LeasedTicket(range.Batch, item), number));
                    added++;
                }
            }

            (changed, _changed) = added > 0 ? (_changed, NewSignal()) : (NewSignal(), _changed);
        }

        changed.TrySetResult();
        return added;
    }
}
