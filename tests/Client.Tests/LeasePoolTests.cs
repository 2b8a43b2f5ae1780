using Microsoft.Extensions.Time.Testing;
using Trident.Abstractions;
using Trident.Protocol.Product;
using Xunit;

namespace Trident.Client.Tests;

public sealed class LeasePoolTests
{
    private int _next;
    private readonly List<int> _asked = [];
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task Tickets_come_in_order_and_are_leased_again_when_half_are_used()
    {
        LeasePool pool = new(8, (_, count, _, _) => Task.FromResult(Lease(1, count)), _clock, CancellationToken.None);
        Assert.Equal([0, 1, 2, 3], (await pool.TakeAsync(4, null, CancellationToken.None)).Select(t => t.Item));
        Assert.Equal([4, 5], (await pool.TakeAsync(2, null, CancellationToken.None)).Select(t => t.Item));
        Assert.Equal(Enumerable.Range(6, 20), (await pool.TakeAsync(20, null, CancellationToken.None)).Select(t => t.Item));
        Assert.Equal(8, _asked[0]);
    }

    [Fact]
    public async Task A_lease_that_brings_less_is_followed_by_another()
    {
        LeasePool pool = new(8, (_, count, _, _) => Task.FromResult(Lease(1, 1)), _clock, CancellationToken.None);
        Assert.Equal(Enumerable.Range(0, 12), (await pool.TakeAsync(12, null, CancellationToken.None)).Select(t => t.Item));
    }

    [Fact]
    public async Task No_more_than_a_lease_allows_is_asked_for_at_once()
    {
        LeasePool pool = new(3000, (_, count, _, _) => Task.FromResult(Lease(1, count)), _clock, CancellationToken.None);
        await pool.TakeAsync(1024, null, CancellationToken.None);
        lock (_asked)
        {
            Assert.All(_asked, n => Assert.InRange(n, 1, 1024));
        }
    }

    [Fact]
    public async Task Discarded_batches_are_not_handed_out()
    {
        int leases = 0;
        LeasePool pool = new(4, (_, _, _, _) => Task.FromResult(Lease((byte)Math.Min(Interlocked.Increment(ref leases), 2), 4)), _clock, CancellationToken.None);
        LeasedTicket[] first = await pool.TakeAsync(1, null, CancellationToken.None);
        pool.DiscardBatches([first[0].Batch]);
        LeasedTicket[] then = await pool.TakeAsync(4, null, CancellationToken.None);
        Assert.All(then, t => Assert.Equal(2, t.Batch[0]));
    }

    [Fact]
    public async Task A_discarded_lease_that_is_still_on_its_way_is_not_handed_out()
    {
        TaskCompletionSource begun = new(), arrive = new();
        int leases = 0;
        LeasePool pool = new(4, async (_, _, _, _) =>
        {
            int number = Interlocked.Increment(ref leases);
            begun.TrySetResult();
            await arrive.Task;
            return Lease((byte)number, 4);
        }, _clock, CancellationToken.None);
        Task<LeasedTicket[]> taking = pool.TakeAsync(2, null, CancellationToken.None);
        await begun.Task;
        pool.DiscardLeases(pool.Leases);
        arrive.SetResult();
        Assert.All(await taking, t => Assert.Equal(2, t.Batch[0]));
    }

    [Fact]
    public async Task Failures_reach_who_waits_and_the_next_one_tries_again()
    {
        int leases = 0;
        LeasePool pool = new(4, (_, count, _, _) => Interlocked.Increment(ref leases) == 1 ? throw new TooFewPartiesException("two are gone") : Task.FromResult(Lease(1, count)),
            _clock, CancellationToken.None);
        await Assert.ThrowsAsync<TooFewPartiesException>(() => pool.TakeAsync(1, null, CancellationToken.None));
        Assert.Equal("two are gone", pool.Trouble);
        Assert.Single(await pool.TakeAsync(1, null, CancellationToken.None));
    }

    [Fact]
    public async Task About_as_many_are_held_ahead_as_were_used_in_the_last_second()
    {
        LeasePool pool = new(100, (_, count, _, _) => Task.FromResult(Lease(1, count)), _clock, CancellationToken.None);
        await pool.TakeAsync(1, null, CancellationToken.None);
        await HoldsAsync(pool, 1);
        for (int i = 0; i < 40; i++)
        {
            await pool.TakeAsync(1, null, CancellationToken.None);
        }

        await HoldsAsync(pool, 21, 41);
        _clock.Advance(TimeSpan.FromSeconds(2));
        for (int i = 0; i < 50; i++)
        {
            await pool.TakeAsync(1, null, CancellationToken.None);
            _clock.Advance(TimeSpan.FromSeconds(0.6));
        }

        await pool.TakeAsync(1, null, CancellationToken.None);
        await HoldsAsync(pool, 1, 2);
    }

    [Fact]
    public async Task Never_more_than_the_limit_are_held_ahead()
    {
        LeasePool pool = new(10, (_, count, _, _) => Task.FromResult(Lease(1, count)), _clock, CancellationToken.None);
        await pool.TakeAsync(50, null, CancellationToken.None);
        await pool.TakeAsync(1, null, CancellationToken.None);
        await HoldsAsync(pool, 5, 10);
    }

    [Fact]
    public async Task Old_tickets_are_thrown_away()
    {
        LeasePool pool = new(8, (_, count, _, _) => Task.FromResult(Lease(1, count)), _clock, CancellationToken.None);
        int last = (await pool.TakeAsync(1, null, CancellationToken.None))[0].Item;
        await HoldsAsync(pool, 1);
        _clock.Advance(StockLedger.TicketLifetime + TimeSpan.FromMilliseconds(1));
        Assert.Equal(last + 2, (await pool.TakeAsync(1, null, CancellationToken.None))[0].Item);
    }

    [Fact]
    public async Task While_a_party_has_no_stock_the_others_are_asked()
    {
        TaskCompletionSource<TicketLease> slow = new();
        int first = 0;
        LeasePool pool = new(8, (party, count, _, _) => Interlocked.CompareExchange(ref first, party, 0) == 0 || first == party ? slow.Task : Task.FromResult(Lease((byte)party, count)),
            _clock, CancellationToken.None);
        LeasedTicket[] taken = await pool.TakeAsync(5, null, CancellationToken.None);
        Assert.All(taken, t => Assert.NotEqual(first, t.Batch[0]));
        slow.SetResult(Lease((byte)first, 3));
        Assert.Contains(first, (await pool.TakeAsync(8, null, CancellationToken.None)).Select(t => (int)t.Batch[0]));
    }

    [Fact]
    public async Task A_lease_ahead_that_finds_no_stock_holds_up_nobody_who_comes_later()
    {
        TaskCompletionSource<TicketLease> slow = new();
        TaskCompletionSource begun = new();
        int leases = 0;
        LeasePool pool = new(8, (party, count, _, _) =>
        {
            if (Interlocked.Increment(ref leases) != 2)
            {
                return Task.FromResult(Lease((byte)party, count));
            }

            begun.SetResult();
            return slow.Task;
        }, _clock, CancellationToken.None);
        await pool.TakeAsync(1, null, CancellationToken.None);
        await pool.TakeAsync(1, null, CancellationToken.None);
        await begun.Task;
        Assert.Equal(5, (await pool.TakeAsync(5, null, CancellationToken.None)).Length);
        slow.SetResult(Lease(1, 1));
    }

    [Fact]
    public async Task A_table_that_no_party_serves_is_refused()
    {
        LeasePool pool = new(8, (_, _, _, _) => Task.FromResult(new TicketLease([], new QueryFailure(QueryFailureKind.UnknownTable, "no such table"))), _clock, CancellationToken.None);
        QueryRefusedException refused = await Assert.ThrowsAsync<QueryRefusedException>(() => pool.TakeAsync(1, null, CancellationToken.None));
        Assert.Equal(QueryFailureKind.UnknownTable, refused.Kind);
    }

    [Fact]
    public async Task Waiting_can_be_given_up()
    {
        LeasePool pool = new(4, (_, _, _, _) => Task.FromResult(new TicketLease([], new QueryFailure(QueryFailureKind.NoStock, "none"))), _clock, CancellationToken.None);
        using CancellationTokenSource limit = new(50);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pool.TakeAsync(1, null, limit.Token));
        Assert.Equal(0, pool.Held);
    }

    /// <summary>Looks until so many are held; fails after a minute.</summary>
    private static async Task HoldsAsync(LeasePool pool, int least, int most = int.MaxValue)
    {
        await Until.SoAsync(() => pool.Held >= least);
        Assert.InRange(pool.Held, least, most);
    }

    private TicketLease Lease(byte batch, int count)
    {
        lock (_asked)
        {
            _asked.Add(count);
        }

        byte[] id = new byte[32];
        id[0] = batch;
        int end = Interlocked.Add(ref _next, count);
        return new TicketLease([new TicketRange(id, [.. Enumerable.Range(end - count, count)])], null);
    }
}
