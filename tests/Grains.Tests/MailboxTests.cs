using Microsoft.Extensions.Time.Testing;
using Trident.Grains.Exchange;
using Trident.Protocol.Wire;
using Xunit;

namespace Trident.Grains.Tests;

public sealed class MailboxTests
{
    private static readonly MailKey Key = new(FrameKind.EShare, Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e"), 2);

    [Fact]
    public async Task A_frame_that_comes_before_its_query_waits()
    {
        Mailbox mailbox = new(new ExchangeOptions(), TimeProvider.System);
        Assert.True(mailbox.TryPut(Key, [1, 2, 3]));
        Assert.Equal([1, 2, 3], await mailbox.TakeAsync(Key, CancellationToken.None));
        Assert.Equal(0, mailbox.Bytes);
    }

    [Fact]
    public async Task A_query_that_comes_before_its_frame_waits()
    {
        Mailbox mailbox = new(new ExchangeOptions(), TimeProvider.System);
        Task<byte[]> waiting = mailbox.TakeAsync(Key, CancellationToken.None);
        Assert.False(waiting.IsCompleted);
        Assert.True(mailbox.TryPut(Key, [9]));
        Assert.Equal([9], await waiting);
        Assert.Equal(0, mailbox.Bytes);
    }

    [Fact]
    public void The_second_of_two_equal_frames_is_refused()
    {
        Mailbox mailbox = new(new ExchangeOptions(), TimeProvider.System);
        Assert.True(mailbox.TryPut(Key, [1]));
        Assert.False(mailbox.TryPut(Key, [2]));
        Assert.Equal(1, mailbox.Bytes);
    }

    [Fact]
    public void A_full_mailbox_refuses_and_keeps_its_count()
    {
        Mailbox mailbox = new(new ExchangeOptions { MailboxBytes = 10 }, TimeProvider.System);
        Assert.True(mailbox.TryPut(Key, new byte[8]));
        Assert.False(mailbox.TryPut(Key with { From = 3 }, new byte[8]));
        Assert.Equal(8, mailbox.Bytes);
    }

    [Fact]
    public void What_nobody_collects_is_dropped_and_counted()
    {
        FakeTimeProvider time = new();
        Mailbox mailbox = new(new ExchangeOptions(), time);
        Assert.True(mailbox.TryPut(Key, new byte[8]));
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(0, mailbox.Sweep());
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(1, mailbox.Sweep());
        Assert.Equal(1, mailbox.Dropped);
        Assert.Equal(0, mailbox.Bytes);
    }

    [Fact]
    public async Task A_wait_that_is_given_up_leaves_nothing_behind()
    {
        Mailbox mailbox = new(new ExchangeOptions(), TimeProvider.System);
        using CancellationTokenSource source = new();
        Task<byte[]> waiting = mailbox.TakeAsync(Key, source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.True(mailbox.TryPut(Key, [1]));
        Assert.Equal([1], await mailbox.TakeAsync(Key, CancellationToken.None));
    }
}
