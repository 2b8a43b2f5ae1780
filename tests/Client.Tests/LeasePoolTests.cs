using Trident.Abstractions;
using Xunit;

namespace Trident.Client.Tests;

public sealed class LeasePoolTests
{
    private int _next;
    private readonly List<int> _asked = [];

    [Fact]
    public async Task Tickets_come_in_order_and_are_leased_again_when_half_are_used()
    {
        LeasePool pool = new(8, (count, _, _) => Task.FromResult(Lease(1, count)), CancellationToken.None);
        Assert.Equal([0, 1, 2, 3], (await pool.TakeAsync(4, null, CancellationToken.None)).Select(t => t.Item));
        Assert.Equal([4, 5], (await pool.TakeAsync(2, null, CancellationToken.None)).Select(t => t.Item));
        Assert.Equal(Enumerable.Range(6, 20), (await pool.TakeAsync(20, null, CancellationToken.None)).Select(t => t.Item));
        Assert.Equal(8, _asked[0]);
    }

    [Fact]
    public async Task A_lease_that_brings_less_is_followed_by_another()
    {
        LeasePool pool = new(8, (count, _, _) => Task.FromResult(Lease(1, 1)), CancellationToken.None);
        Assert.Equal(Enumerable.Range(0, 12), (await pool.TakeAsync(12, null, CancellationToken.None)).Select(t => t.Item));
    }

    [Fact]
    public async Task No_more_than_a_lease_allows_is_asked_for_at_once()
    {
        LeasePool pool = new(3000, (count, _, _) => Task.FromResult(Lease(1, count)), CancellationToken.None);
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
        LeasePool pool = new(4, (_, _, _) => Task.FromResult(Lease((byte)Math.Min(Interlocked.Increment(ref leases), 2), 4)), CancellationToken.None);
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
        LeasePool pool = new(4, async (_, _, _) =>
        {
            int number = Interlocked.Increment(ref leases);
            begun.TrySetResult();
            await arrive.Task;
            return Lease((byte)number, 4);
        }, CancellationToken.None);
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
        LeasePool pool = new(4, (count, _, _) => Interlocked.Increment(ref leases) == 1 ? throw new TooFewPartiesException("two are gone") : Task.FromResult(Lease(1, count)),
            CancellationToken.None);
        await Assert.ThrowsAsync<TooFewPartiesException>(() => pool.TakeAsync(1, null, CancellationToken.None));
        Assert.Equal("two are gone", pool.Trouble);
        Assert.Single(await pool.TakeAsync(1, null, CancellationToken.None));
    }

    [Fact]
    public async Task Waiting_can_be_given_up()
    {
        LeasePool pool = new(4, (_, _, _) => Task.FromResult(new TicketLease([], new QueryFailure(QueryFailureKind.NoStock, "none"))), CancellationToken.None);
        using CancellationTokenSource limit = new(50);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pool.TakeAsync(1, null, limit.Token));
        Assert.Equal(0, pool.Held);
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
