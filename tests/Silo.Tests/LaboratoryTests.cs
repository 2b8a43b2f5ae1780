using System.Diagnostics;
using Trident.Grains.Exchange.Laboratory;
using Trident.Grains.Exchange.Transports;
using Trident.Protocol.Wire;
using Xunit;

namespace Trident.Silo.Tests;

/// <summary>Slow links: only lower bounds of time are asserted, and what overlaps by what is under way.</summary>
public sealed class LaboratoryTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly LaboratoryOptions Slow = new() { LinkDelayMs = 60 };

    [Theory]
    [InlineData(TransportNames.Ephemeral, 4, 4)]
    [InlineData(TransportNames.Shared, 4, 2)]
    [InlineData(TransportNames.Multiplexed, 4, 2)]
    public async Task Set_up_frame_and_acknowledgement_each_pay_the_delay(string transport, int first, int second)
    {
        using Later one = new();
        long arrived = 0;
        await using ScriptedPeer peer = new(a =>
        {
            arrived = Stopwatch.GetTimestamp();
            return a.AcknowledgeAsync(one.Link.PeerSession);
        });
        one.Link = new LinkPair(transport, peer.Port, laboratory: Slow);
        foreach (int delays in (int[])[first, second])
        {
            long start = Stopwatch.GetTimestamp();
            Assert.Equal(AckReason.Ok, await one.Link.SendAsync().WaitAsync(Patience));
            AtLeast(delays * Slow.LinkDelayMs, start, Stopwatch.GetTimestamp());
            AtLeast((delays - 1) * Slow.LinkDelayMs, start, arrived);
        }
    }

    [Theory]
    [InlineData(TransportNames.Ephemeral)]
    [InlineData(TransportNames.Multiplexed)]
    public async Task Exchanges_pay_it_in_parallel(string transport)
    {
        // None is answered before all have come: one after another they would never end.
        using Later one = new();
        using CountdownEvent all = new(10);
        TaskCompletionSource go = new();
        await using ScriptedPeer peer = new(a =>
        {
            if (all.Signal())
            {
                go.SetResult();
            }

            _ = go.Task.ContinueWith(_ => a.AcknowledgeAsync(one.Link.PeerSession), TaskScheduler.Default);
            return Task.CompletedTask;
        });
        one.Link = new LinkPair(transport, peer.Port, laboratory: Slow);
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => one.Link.SendAsync())).WaitAsync(Patience), r => Assert.Equal(AckReason.Ok, r));
    }

    [Fact]
    public async Task All_connections_of_a_link_share_its_bandwidth()
    {
        // 5 frames of 10,084 bytes at 1 Mbit/s are 403 ms, however many connections carry them.
        using Later one = new();
        await using ScriptedPeer peer = new(a => a.AcknowledgeAsync(one.Link.PeerSession));
        one.Link = new LinkPair(TransportNames.Ephemeral, peer.Port, laboratory: new LaboratoryOptions { LinkMegabitsPerSecond = 1 });
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => one.Link.SendAsync(one.Link.Frame(body: new byte[10_000])))).WaitAsync(Patience);
        AtLeast(5 * 10_084 * 8 / 1e6 * 1000, start, Stopwatch.GetTimestamp());
    }

    [Fact]
    public async Task A_peer_that_breaks_off_or_is_gone_is_noticed_behind_the_delay_too()
    {
        using Later one = new();
        int frames = 0;
        ScriptedPeer peer = new(a =>
        {
            if (Interlocked.Increment(ref frames) == 1)
            {
                a.Stream.Dispose();
                return Task.CompletedTask;
            }

            return a.AcknowledgeAsync(one.Link.PeerSession);
        });
        one.Link = new LinkPair(TransportNames.Shared, peer.Port, laboratory: new LaboratoryOptions { LinkDelayMs = 5 });
        await Assert.ThrowsAsync<TransportException>(() => one.Link.SendAsync().WaitAsync(Patience));
        Assert.Equal(AckReason.Ok, await one.Link.SendAsync().WaitAsync(Patience));
        await peer.DisposeAsync();
        await Assert.ThrowsAsync<TransportException>(() => one.Link.SendAsync().WaitAsync(Patience));
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(10_001, 0)]
    [InlineData(double.NaN, 0)]
    [InlineData(0, -5)]
    [InlineData(0, double.NaN)]
    public void Settings_that_cannot_work_are_refused(double delay, double bandwidth) =>
        Assert.Throws<ArgumentException>(new LaboratoryOptions { LinkDelayMs = delay, LinkMegabitsPerSecond = bandwidth }.Validate);

    [Fact]
    public void It_is_off_unless_set()
    {
        Assert.Null(new LaboratoryOptions().Status);
        Assert.False(new SiloSettings().Laboratory.IsOn);
        Assert.Equal(60, Slow.Status!.LinkDelayMs);
    }

    private static void AtLeast(double milliseconds, long from, long to)
    {
        double passed = Stopwatch.GetElapsedTime(from, to).TotalMilliseconds;
        Assert.True(passed >= milliseconds, $"{passed} ms passed, where a link with delay takes {milliseconds}");
    }
}
