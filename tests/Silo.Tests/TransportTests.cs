using System.Collections.Concurrent;
using Trident.Abstractions;
using Trident.Grains.Exchange.Transports;
using Trident.Protocol.Wire;
using Xunit;

namespace Trident.Silo.Tests;

/// <summary>What all transports must do alike, and what sets each apart, against a peer whose every answer the test chooses.</summary>
public sealed class TransportTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static TheoryData<string> All => [.. TransportNames.All];

    [Theory]
    [MemberData(nameof(All))]
    public async Task Every_acknowledgement_comes_back_to_its_own_frame(string transport)
    {
        // Each reason in turn, many at once: an answer that went to another exchange would be seen.
        AckReason[] reasons = [AckReason.Ok, AckReason.MailboxFull, AckReason.UnknownTable, AckReason.Ok, AckReason.Replayed];
        using Later one = new();
        await using ScriptedPeer peer = new(a => a.AcknowledgeAsync(one.Link.PeerSession, reasons[(int)(a.Header.Sequence % 5)]));
        one.Link = new LinkPair(transport, peer.Port);
        OutboundFrame[] frames = [.. Enumerable.Range(0, 200).Select(i => one.Link.Frame(body: new byte[i * 37]))];
        AckReason[] got = await Task.WhenAll(frames.Select(f => one.Link.SendAsync(f))).WaitAsync(Patience);
        Assert.Equal(frames.Select(f => reasons[(int)(f.Header.Sequence % 5)]), got);
        Assert.Equal((200, frames.Sum(f => f.Bytes.Length), 120), (one.Link.Peer.FramesOut, one.Link.Peer.BytesOut, one.Link.Peer.FramesRefused));
    }

    [Theory]
    [InlineData(TransportNames.Ephemeral, 12, 12)]
    [InlineData(TransportNames.Shared, 1, 1)]
    [InlineData(TransportNames.Pooled, 4, 4)]
    [InlineData(TransportNames.Multiplexed, 12, 1)]
    public async Task So_many_exchanges_are_under_way_at_once_on_so_many_connections(string transport, int underWay, int connections)
    {
        ConcurrentStack<Arrival> waiting = [];
        using SemaphoreSlim arrived = new(0);
        int now = 0, most = 0;
        await using ScriptedPeer peer = new(a =>
        {
            int under = Interlocked.Increment(ref now);
            for (int seen = most; under > seen; seen = most)
            {
                Interlocked.CompareExchange(ref most, under, seen);
            }

            waiting.Push(a);
            arrived.Release();
            return Task.CompletedTask;
        });
        using LinkPair link = new(transport, peer.Port);
        Task<AckReason>[] sends = [.. Enumerable.Range(0, 12).Select(_ => link.SendAsync())];
        for (int i = 0; i < underWay; i++)
        {
            Assert.True(await arrived.WaitAsync(Patience));
        }

        // So many came with none answered. From here on one is answered at a time, the last first, and lets in one more.
        Assert.DoesNotContain(sends, s => s.IsCompleted);
        for (int answered = 0; answered < 12; answered++)
        {
            Assert.True(waiting.TryPop(out Arrival? last));
            Interlocked.Decrement(ref now);
            await last.AcknowledgeAsync(link.PeerSession);
            if (answered + underWay < 12)
            {
                Assert.True(await arrived.WaitAsync(Patience));
            }
        }

        Assert.Equal(underWay, most);
        Assert.All(await Task.WhenAll(sends), r => Assert.Equal(AckReason.Ok, r));
        Assert.Equal(connections, peer.Connections);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_peer_that_is_gone_is_an_error_that_names_it_and_one_that_comes_back_is_used_again(string transport)
    {
        LinkPair? link = null;
        Task AnswerAsync(Arrival a) => a.AcknowledgeAsync(link!.PeerSession);
        ScriptedPeer first = new(AnswerAsync);
        int port = first.Port;
        using (link = new LinkPair(transport, port))
        {
            Assert.Equal(AckReason.Ok, await link.SendAsync().WaitAsync(Patience));
            await first.DisposeAsync();
            TransportException gone = await Assert.ThrowsAsync<TransportException>(() => GoneAsync(link));
            Assert.Contains("Party 2", gone.Message, StringComparison.Ordinal);
            Assert.Contains($"{port}: connect failed", gone.Message, StringComparison.Ordinal);
            Assert.True(link.Peer.ConnectionsFailed > 0);

            await using ScriptedPeer second = new(AnswerAsync, port);
            Assert.All(await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => link.SendAsync())).WaitAsync(Patience), r => Assert.Equal(AckReason.Ok, r));
            Assert.All(link.Peer.Status().Connections, c => Assert.NotEqual(ConnectionState.Broken, c.State));
        }

        // The first send may still meet the old connection's end; the one after it finds nobody.
        static async Task GoneAsync(LinkPair link)
        {
            for (int i = 0; i < 2; i++)
            {
                try
                {
                    await link.SendAsync().WaitAsync(Patience);
                }
                catch (TransportException e) when (i == 0 && !e.Message.Contains("connect failed", StringComparison.Ordinal))
                {
                    continue;
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_peer_that_breaks_off_fails_what_was_under_way_and_nothing_after(string transport)
    {
        using Later one = new();
        int frames = 0;
        await using ScriptedPeer peer = new(a =>
        {
            if (Interlocked.Increment(ref frames) == 1)
            {
                a.Stream.Dispose();
                return Task.CompletedTask;
            }

            return a.AcknowledgeAsync(one.Link.PeerSession);
        });
        one.Link = new LinkPair(transport, peer.Port);
        TransportException broke = await Assert.ThrowsAsync<TransportException>(() => one.Link.SendAsync().WaitAsync(Patience));
        Assert.Contains("acknowledge", broke.Message, StringComparison.Ordinal);
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(AckReason.Ok, await one.Link.SendAsync().WaitAsync(Patience));
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_peer_that_is_slow_is_given_up_after_a_step_and_its_late_answer_harms_nothing(string transport)
    {
        TaskCompletionSource late = new();
        using Later one = new();
        int frames = 0;
        await using ScriptedPeer peer = new(async a =>
        {
            if (Interlocked.Increment(ref frames) == 1)
            {
                await late.Task;
            }

            await a.AcknowledgeAsync(one.Link.PeerSession);
        });
        one.Link = new LinkPair(transport, peer.Port, o => o.StepTimeout = TimeSpan.FromMilliseconds(300));
        TransportException slow = await Assert.ThrowsAsync<TransportException>(() => one.Link.SendAsync().WaitAsync(Patience));
        Assert.Contains("acknowledgement failed", slow.Message, StringComparison.Ordinal);
        late.SetResult();
        one.Link.Options.StepTimeout = Patience;
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => one.Link.SendAsync())).WaitAsync(Patience), r => Assert.Equal(AckReason.Ok, r));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_sender_that_gives_up_leaves_the_way_usable_for_others(string transport)
    {
        using SemaphoreSlim arrived = new(0);
        TaskCompletionSource go = new();
        using Later one = new();
        await using ScriptedPeer peer = new(async a =>
        {
            arrived.Release();
            await go.Task;
            await a.AcknowledgeAsync(one.Link.PeerSession);
        });
        one.Link = new LinkPair(transport, peer.Port);
        using CancellationTokenSource giveUp = new();
        Task<AckReason> given = one.Link.SendAsync(cancellationToken: giveUp.Token);
        Assert.True(await arrived.WaitAsync(Patience));
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given.WaitAsync(Patience));
        go.SetResult();
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => one.Link.SendAsync())).WaitAsync(Patience), r => Assert.Equal(AckReason.Ok, r));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task An_acknowledgement_that_is_forged_or_of_another_frame_is_an_error(string transport)
    {
        using Later one = new();
        int frames = 0;
        await using ScriptedPeer peer = new(a => Interlocked.Increment(ref frames) switch
        {
            1 => a.Stream.WriteAsync(LinkSession.Refusal(AckReason.Ok, a.Header.Sequence)).AsTask(),
            2 => (a with { Header = a.Header with { Sequence = a.Header.Sequence + 1 } }).AcknowledgeAsync(one.Link.PeerSession),
            3 => a.Stream.WriteAsync(new byte[LinkSession.AckSize]).AsTask(),
            _ => a.AcknowledgeAsync(one.Link.PeerSession),
        });
        one.Link = new LinkPair(transport, peer.Port);
        for (int i = 0; i < 3; i++)
        {
            await Assert.ThrowsAsync<TransportException>(() => one.Link.SendAsync().WaitAsync(Patience));
        }

        Assert.Equal(AckReason.Ok, await one.Link.SendAsync().WaitAsync(Patience));
    }

    [Theory]
    [InlineData(TransportNames.Shared)]
    [InlineData(TransportNames.Pooled)]
    [InlineData(TransportNames.Multiplexed)]
    public async Task A_connection_that_lay_idle_is_not_used_again(string transport)
    {
        using Later one = new();
        await using ScriptedPeer peer = new(a => a.AcknowledgeAsync(one.Link.PeerSession));
        one.Link = new LinkPair(transport, peer.Port, o => o.StepTimeout = TimeSpan.FromSeconds(6)); // plenty for a step
        Assert.Equal(AckReason.Ok, await one.Link.SendAsync().WaitAsync(Patience));
        Assert.Equal(1, peer.Connections);
        await Task.Delay(3100); // more than half of it
        Assert.Equal(AckReason.Ok, await one.Link.SendAsync().WaitAsync(Patience));
        Assert.Equal(2, peer.Connections);
    }

    [Fact]
    public async Task The_status_shows_persistent_connections_and_what_they_do()
    {
        using SemaphoreSlim arrived = new(0);
        TaskCompletionSource go = new();
        using Later one = new();
        await using ScriptedPeer peer = new(async a =>
        {
            arrived.Release();
            await go.Task;
            await a.AcknowledgeAsync(one.Link.PeerSession);
        });
        one.Link = new LinkPair(TransportNames.Pooled, peer.Port, o => o.PoolSize = 3);
        Task<AckReason>[] sends = [one.Link.SendAsync(), one.Link.SendAsync()];
        Assert.True(await arrived.WaitAsync(Patience) && await arrived.WaitAsync(Patience));
        ConnectionState[] states = [.. one.Link.Peer.Status().Connections.Select(c => c.State).Order()];
        Assert.Equal([ConnectionState.Closed, ConnectionState.Busy, ConnectionState.Busy], states);
        go.SetResult();
        await Task.WhenAll(sends).WaitAsync(Patience);
        ConnectionStatus[] after = [.. one.Link.Peer.Status().Connections.OrderBy(c => c.Exchanges)];
        Assert.Equal([ConnectionState.Closed, ConnectionState.Idle, ConnectionState.Idle], after.Select(c => c.State));
        Assert.Equal([0L, 1, 1], after.Select(c => c.Exchanges));
        Assert.All(after, c => Assert.Equal("pooled", c.Use));

        using LinkPair ephemeral = new(TransportNames.Ephemeral, peer.Port);
        Assert.Equal(AckReason.Ok, await ephemeral.SendAsync().WaitAsync(Patience));
        Assert.Empty(ephemeral.Peer.Status().Connections);
    }

    [Fact]
    public void A_transport_that_does_not_exist_is_refused_with_those_that_do()
    {
        Exception e = Assert.Throws<ArgumentException>(() => new LinkPair("carrier-pigeon", 1));
        Assert.All(TransportNames.All, name => Assert.Contains(name, e.Message, StringComparison.Ordinal));
    }
}
