using Trident.Abstractions;
using Trident.Protocol.Product;
using Xunit;
using Xunit.Abstractions;

namespace Trident.Grains.Tests;

/// <summary>The stock of three parties in memory: what it holds, and what becomes of tickets that nobody uses.</summary>
public sealed class StockTests(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly int _seed = Random.Shared.Next();
    private InMemoryParties _world = null!;

    public async Task InitializeAsync()
    {
        output.WriteLine($"seed {_seed}");
        _world = await InMemoryParties.StartAsync(37, 11, _seed);
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task After_clients_lost_all_tickets_stock_comes_again_at_all_parties()
    {
        // They lease all that there is and ask nothing, until the parties have closed batches together.
        List<Ticket> lost = [];
        await Until.SoAsync(() =>
        {
            foreach (StockLedger ledger in Ledgers)
            {
                ledger.TryLease(ledger.Party, lost.Count + 1000, lost);
                Assert.InRange(ledger.BytesHeld, 0, ledger.MaximumBytes * 3 / 2);
            }

            return Ledgers.All(l => l.BytesOpen < l.BytesHeld);
        });
        output.WriteLine($"{lost.Count} tickets were lost");

        // A ticket of a closed batch is still good; later it is refused, and others are there.
        Assert.All(await _world.AskAsync(5, lost[0]), a => Assert.True(a.AllAgreed, a.Failure?.Message));
        await Until.SoAsync(() =>
        {
            _world.Clock.Advance(StockLedger.StaysClosed + TimeSpan.FromSeconds(1));
            return Ledgers.All(l => IsRefused(l, lost[1]) && l.Leasable(l.Party) > 0);
        });
        Assert.All(await _world.AskAsync(5, _world.Lease(2)), a => Assert.True(a.AllAgreed, a.Failure?.Message));
    }

    [Fact]
    public async Task As_many_rows_as_one_query_may_ask_for_are_answered()
    {
        int most = QueryLimits.MaxRows(_world.Table);
        List<Ticket> tickets = [];
        await Until.SoAsync(() =>
        {
            foreach (StockLedger ledger in Ledgers)
            {
                ledger.TryLease(ledger.Party, most, tickets);
            }

            return tickets.Count == most;
        });
        int[] rows = [.. Enumerable.Range(0, most).Select(i => i % _world.Table.Rows)];
        Assert.All(await _world.AskAsync(rows, [.. tickets]), a => Assert.True(a.AllAgreed, a.Failure?.Message));
    }

    [Fact]
    public async Task A_ticket_that_is_no_good_is_refused_before_any_is_used()
    {
        Ticket good = _world.Lease(), foreign = new(new BatchId(new byte[32]), 0);
        QueryAnswer[] answers = await _world.AskAsync([1, 2], [good, foreign]);
        Assert.All(answers, a => Assert.Equal(QueryFailureKind.UnknownTicket, a.Failure?.Kind));
        Assert.All(await _world.AskAsync(1, good), a => Assert.True(a.AllAgreed, a.Failure?.Message));
    }

    private IEnumerable<StockLedger> Ledgers => _world.Parties[1..].Select(p => p.Served.Ledger);

    private static bool IsRefused(StockLedger ledger, Ticket ticket)
    {
        try
        {
            ledger.Check(ticket);
            return false;
        }
        catch (TicketException)
        {
            return true;
        }
    }
}
