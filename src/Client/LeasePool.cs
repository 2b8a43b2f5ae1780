using System.Diagnostics;
using Trident.Abstractions;

namespace Trident.Client;

/// <summary>
/// Tickets of one table version. About as many are held ahead as were used in the last second, so that a client that asks seldom
/// takes no stock from others; more are leased in the background when half are used. Each ticket is handed out once, and thrown away when
/// it is old. Parties are asked in turn; while somebody waits, the next one too when one has no stock at once.
/// </summary>
/// <param name="mostAhead">The most tickets to hold.</param>
/// <param name="lease">
/// One lease from party 1, 2 or 3 of up to so many tickets, caused by the query whose waiting this span is: the first of those that wait,
/// and null when none waits or its waiting is not traced. It throws when trying again is useless. Nothing of the callers' is current while
/// it runs.
/// </param>
/// <param name="time">The clock.</param>
/// <param name="stopping">Ends the background work.</param>
internal sealed class LeasePool(int mostAhead, Func<int, int, Activity?, CancellationToken, Task<TicketLease>> lease, TimeProvider time, CancellationToken stopping)
{
    private const int Parties = 3;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan AskNextAfter = TimeSpan.FromMilliseconds(50);

    private readonly Lock _lock = new();
    private readonly HeldTickets _tickets = new(time);
    private readonly LinkedList<Activity?> _waiting = new();
    private readonly RecentDemand _demand = new(time);
    private readonly bool[] _asking = new bool[Parties + 1];
    private TaskCompletionSource _changed = NewSignal(), _answered = NewSignal(), _someoneWaits = NewSignal();
    private int _turn = Random.Shared.Next(Parties);
    private bool _refilling;
    private int _awaited;
    private int _refusals;
    private long _leases;

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
            return Take(count, isNew: true);
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
            _demand.Note(count);
            _waiting.AddLast(place);
        }

        try
        {
            while (true)
            {
                Task changed;
                lock (_lock)
                {
                    if (Take(count, isNew: false) is { } taken)
                    {
                        return taken;
                    }

                    changed = _changed.Task;
                    _someoneWaits.TrySetResult();
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
        lock (_lock)
        {
            _tickets.DiscardBatches([.. batches]);
        }
    }

    /// <summary>Throws away what came from leases up to that number, those included that are still on their way.</summary>
    public void DiscardLeases(long upTo)
    {
        lock (_lock)
        {
            _tickets.DiscardLeases(upTo);
        }
    }

    private int Ahead => Math.Min(mostAhead, _demand.LastSecond);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Called under the lock. The demand of who waited is noted already.</summary>
    private LeasedTicket[]? Take(int count, bool isNew)
    {
        if (_tickets.Take(count) is not { } taken)
        {
            return null;
        }

        if (isNew)
        {
            _demand.Note(count);
        }

        if (_tickets.Count <= Ahead / 2)
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
            int wanted, party;
            bool needed;
            long number = 0;
            Task answered, wait;
            Activity? waiting;
            lock (_lock)
            {
                _tickets.DropOld();
                wanted = _awaited + Ahead - _tickets.Count;
                needed = _tickets.Count < _awaited;
                if (wanted <= 0 || (failures > 0 && !needed) || stopping.IsCancellationRequested)
                {
                    _refilling = false;
                    return;
                }

                answered = _answered.Task;
                wait = needed ? Task.CompletedTask : (_someoneWaits = NewSignal()).Task;
                waiting = needed ? _waiting.First?.Value : null;
                party = NextParty();
                if (party > 0)
                {
                    _asking[party] = true;
                    number = ++_leases;
                }
            }

            try
            {
                if (party == 0)
                {
                    await answered.WaitAsync(stopping);
                    continue;
                }

                Task<int> asked = AskAsync(party, Math.Min(wanted, QueryPlaintext.MaxCount), waiting, number);
                await Task.WhenAny(asked, wait);
                if (!asked.IsCompleted && await Task.WhenAny(asked, Task.Delay(AskNextAfter, stopping)) != asked)
                {
                    // Somebody waits, and it has none at this moment or is slow; what it gives yet is welcome too.
                    Forget(asked);
                    continue;
                }

                failures = await asked == 0 ? failures + 1 : 0;
                if (failures > 0 && failures % Parties == 0)
                {
                    // All three were asked.
                    await Task.Delay(RetryDelay, stopping);
                }
            }
            catch (Exception e)
            {
                lock (_lock)
                {
                    _refilling = false;
                }

                Fail(e);
                return;
            }
        }
    }

    /// <summary>The next party that is not being asked, called under the lock; 0 when all are.</summary>
    private int NextParty()
    {
        for (int i = 1; i <= Parties; i++)
        {
            int party = 1 + (_turn + i) % Parties;
            if (!_asking[party])
            {
                _turn = party - 1;
                return party;
            }
        }

        return 0;
    }

    /// <summary>One lease; how many tickets it added.</summary>
    private async Task<int> AskAsync(int party, int count, Activity? waiting, long number)
    {
        try
        {
            long since = time.GetTimestamp();
            TicketLease brought = await lease(party, count, waiting, stopping);
            int added = Add(brought, number, since, out bool useless);
            Trouble = added > 0 ? null : brought.Failure?.Message ?? "a party gave an empty lease";
            return !useless
                ? added
                : throw new QueryRefusedException(brought.Failure!.Kind, $"Party {party} gave no tickets: {brought.Failure.Message}");
        }
        finally
        {
            TaskCompletionSource answered;
            lock (_lock)
            {
                _asking[party] = false;
                (answered, _answered) = (_answered, NewSignal());
            }

            answered.TrySetResult();
        }
    }

    /// <summary>A lease that the refill goes on without; if it fails for good, so do those who wait.</summary>
    private void Forget(Task<int> asked) => _ = asked.ContinueWith(
        t => Fail(t.Exception!.GetBaseException()), CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    /// <summary>Everyone who waits now gets it; whoever comes later tries again.</summary>
    private void Fail(Exception e)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            (changed, _changed) = (_changed, NewSignal());
        }

        Trouble = e.Message;
        changed.TrySetException(e);
        _ = changed.Task.Exception; // nobody may be waiting
    }

    /// <summary>Adds what a lease brought, and tells who waits. It is useless to go on when three in a row were refused for good.</summary>
    private int Add(TicketLease brought, long number, long since, out bool useless)
    {
        TaskCompletionSource? changed = null;
        int added;
        lock (_lock)
        {
            added = _tickets.Add(brought, number, since);
            if (added > 0)
            {
                _refusals = 0;
                (changed, _changed) = (_changed, NewSignal());
            }
            else if (brought.Failure is { Kind: QueryFailureKind.UnknownTable or QueryFailureKind.BadRequest or QueryFailureKind.ForeignSilo })
            {
                _refusals++;
            }

            useless = _refusals == Parties;
            _refusals %= Parties;
        }

        changed?.TrySetResult();
        return added;
    }
}
