using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using Trident.Protocol.Product;
using Xunit;
using Xunit.Abstractions;

namespace Trident.Protocol.Tests.Product;

public class StockLedgerTests(ITestOutputHelper output)
{
    private readonly int _seed = StockBatchTests.Seeded(output);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(12)]
    public void The_parties_give_out_disjoint_thirds_that_make_the_whole(int items)
    {
        using ThreePartyWorld world = new(_seed, 3, 2);
        BatchId id = world.Stock(items);
        List<Ticket> all = [];
        for (int p = 1; p <= 3; p++)
        {
            long own = world.Ledgers[p].Leasable(p);
            Assert.Equal(Enumerable.Range(0, items).Count(i => i % 3 == p - 1), own);
            List<Ticket> tickets = [];
            Assert.Equal(own > 0, own > 0 && world.Ledgers[p].TryLease(p, (int)own, tickets));
            Assert.All(tickets, t => Assert.Equal(p - 1, t.Item % 3));
            Assert.False(world.Ledgers[p].TryLease(p, 1, []));
            Assert.Equal(own, world.Ledgers[p].Leased);
            all.AddRange(tickets);
        }

        Assert.Equal(Enumerable.Range(0, items).Select(i => new Ticket(id, i)), all.OrderBy(t => t.Item));
    }

    [Fact]
    public void The_oldest_batch_is_leased_first()
    {
        using ThreePartyWorld world = new(_seed, 3, 2);
        BatchId first = world.Stock(6), second = world.Stock(6);
        List<Ticket> tickets = [];
        Assert.True(world.Ledgers[3].TryLease(3, 3, tickets));
        Assert.Equal([first, first, second], tickets.Select(t => t.Batch));
    }

    [Fact]
    public void An_item_goes_once_and_refusals_are_counted()
    {
        using ThreePartyWorld world = new(_seed, 3, 2);
        BatchId id = world.Stock(6);
        StockLedger ledger = world.Ledgers[1];
        List<Ticket> tickets = [];
        Assert.True(ledger.TryLease(1, 2, tickets));
        using (StockItem item = ledger.Take(tickets[0]))
        {
            Assert.Equal(2, item.C.Length);
        }

        Assert.Equal(TicketRefusal.Used, Refused(ledger, tickets[0]));
        Assert.Equal(TicketRefusal.Used, Refused(ledger, tickets[0]));
        Assert.Equal(TicketRefusal.Unknown, Refused(ledger, new Ticket(id, 6)));
        Assert.Equal(TicketRefusal.Unknown, Refused(ledger, new Ticket(id, -1)));
        Assert.Equal(TicketRefusal.Unknown, Refused(ledger, new Ticket(world.NextBatchId(6), 0)));
        Assert.Equal((1L, 2L, 3L, 5L), (ledger.Used, ledger.RefusedUsed, ledger.RefusedUnknown, ledger.Available));
    }

    [Fact]
    public void An_item_of_the_own_third_that_was_not_given_out_is_refused_and_stays()
    {
        using ThreePartyWorld world = new(_seed, 3, 2);
        BatchId id = world.Stock(6);
        StockLedger ledger = world.Ledgers[1];
        List<Ticket> tickets = [];
        Assert.Equal(TicketRefusal.NotGivenOut, Refused(ledger, new Ticket(id, 0)));
        Assert.True(ledger.TryLease(1, 1, tickets));
        Assert.Equal(new Ticket(id, 0), tickets[0]);
        Assert.Equal(TicketRefusal.NotGivenOut, Refused(ledger, new Ticket(id, 3)));
        ledger.Take(tickets[0]).Dispose();
        Assert.Equal((1L, 2L, 5L), (ledger.Used, ledger.RefusedUnknown, ledger.Available));
    }

    [Fact]
    public void A_used_ticket_stays_used_after_more_batches_came()
    {
        using ThreePartyWorld world = new(_seed, 3, 2);
        world.Stock(3);
        StockLedger ledger = world.Ledgers[2];
        List<Ticket> tickets = [];
        Assert.True(ledger.TryLease(2, 1, tickets));
        ledger.Take(tickets[0]).Dispose();
        world.Stock(3);
        world.Stock(3);
        Assert.Equal(TicketRefusal.Used, Refused(ledger, tickets[0]));
    }

    [Fact]
    public void A_closed_batch_gives_out_nothing_but_its_tickets_are_still_good()
    {
        using ThreePartyWorld world = new(_seed, 3, 2);
        world.Stock(6);
        StockLedger ledger = world.Ledgers[1];
        List<Ticket> tickets = [];
        Assert.True(ledger.TryLease(1, 1, tickets));
        ledger.CloseAll();
        Assert.Equal((0L, 0L), (ledger.Leasable(1), ledger.Available));
        Assert.False(ledger.TryLease(1, 1, []));
        ledger.Take(tickets[0]).Dispose();
        BatchId fresh = world.Stock(6);
        tickets.Clear();
        Assert.True(ledger.TryLease(1, 1, tickets));
        Assert.Equal(fresh, tickets[0].Batch);
    }

    [Fact]
    public void A_closed_batch_goes_when_no_ticket_of_it_can_be_under_way()
    {
        FakeTimeProvider clock = new();
        using ThreePartyWorld world = new(_seed, 3, 2, clock: clock);
        BatchId id = world.Stock(6);
        StockLedger ledger = world.Ledgers[1];
        List<Ticket> tickets = [];
        Assert.True(ledger.TryLease(1, 2, tickets));
        ledger.Close(id);
        Assert.Null(ledger.OldestOpen);
        Assert.Equal((0L, true), (ledger.BytesOpen, ledger.BytesHeld > 0));
        clock.Advance(StockLedger.StaysClosed);
        ledger.Sweep();
        StockItem held = ledger.Take(tickets[0]);
        uint[] c = held.C.ToArray();
        clock.Advance(TimeSpan.FromSeconds(1));
        ledger.Sweep();
        Assert.Equal(0L, ledger.BytesHeld);
        Assert.Equal(TicketRefusal.Unknown, Refused(ledger, tickets[1]));

        // Who had an item before it went still has it.
        Assert.Equal(c, held.C.ToArray());
        held.Dispose();
    }

    [Fact]
    public void The_memory_of_items_goes_with_them()
    {
        using ThreePartyWorld world = new(_seed, 2, 20_000);
        world.Stock(6);
        StockLedger ledger = world.Ledgers[1];
        long item = 20_000 * sizeof(uint);
        Assert.Equal(6 * item, ledger.BytesHeld);
        List<Ticket> tickets = [];
        Assert.True(ledger.TryLease(1, 2, tickets));
        tickets.ForEach(t => ledger.Take(t).Dispose());
        Assert.Equal(4 * item, ledger.BytesHeld);
        for (int i = 0; i < 6; i++)
        {
            if (i % 3 != 0)
            {
                ledger.Take(new Ticket(tickets[0].Batch, i)).Dispose();
            }
        }

        Assert.Equal((0L, null), (ledger.BytesHeld, ledger.OldestOpen));
    }

    [Fact]
    public void A_ticket_is_checked_without_being_used()
    {
        using ThreePartyWorld world = new(_seed, 3, 2);
        BatchId id = world.Stock(6);
        StockLedger ledger = world.Ledgers[1];
        Assert.Throws<TicketException>(() => ledger.Check(new Ticket(id, 0)));
        List<Ticket> tickets = [];
        Assert.True(ledger.TryLease(1, 1, tickets));
        ledger.Check(tickets[0]);
        ledger.Take(tickets[0]).Dispose();
        Assert.Equal(TicketRefusal.Used, Assert.Throws<TicketException>(() => ledger.Check(tickets[0])).Kind);
    }

    [Fact]
    public void A_batch_in_the_making_is_known_until_it_is_there_or_given_up()
    {
        using ThreePartyWorld world = new(_seed, 3, 2);
        StockLedger ledger = world.Ledgers[1];
        BatchId given = world.NextBatchId(6);
        ledger.Begin(given);
        Assert.True(ledger.IsMaking(given));
        ledger.GiveUp(given);
        Assert.Equal((false, 0), (ledger.IsMaking(given), ledger.Making));
    }

    [Fact]
    public async Task Of_many_that_take_one_item_at_once_one_gets_it()
    {
        using ThreePartyWorld world = new(_seed, 3, 2);
        world.Stock(90);
        StockLedger ledger = world.Ledgers[1];
        ConcurrentBag<Ticket> taken = [];
        ConcurrentBag<Ticket> leased = [];
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            List<Ticket> own = [];
            while (ledger.TryLease(1, 1, own))
            {
                leased.Add(own[0]);
                own.Clear();
            }
        })));
        Assert.Equal((30, 30), (leased.Count, leased.Distinct().Count()));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            foreach (Ticket ticket in leased)
            {
                try
                {
                    ledger.Take(ticket).Dispose();
                    taken.Add(ticket);
                }
                catch (TicketException e) when (e.Kind == TicketRefusal.Used)
                {
                }
            }
        })));
        Assert.Equal((30, 30), (taken.Count, taken.Distinct().Count()));
        Assert.Equal((30L, 210L), (ledger.Used, ledger.RefusedUsed));
    }

    private static TicketRefusal Refused(StockLedger ledger, Ticket ticket) =>
        Assert.Throws<TicketException>(() => ledger.Take(ticket).Dispose()).Kind;
}
