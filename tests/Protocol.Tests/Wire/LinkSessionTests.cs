using CsCheck;
using Trident.Protocol.Sharing;
using Trident.Protocol.Wire;
using Xunit;

namespace Trident.Protocol.Tests.Wire;

public class LinkSessionTests
{
    private static readonly Guid Query = Guid.NewGuid();
    private static readonly Guid Table = Guid.NewGuid();

    [Fact]
    public void AnyBodyComesThroughBetweenAnyTwo() =>
        Gen.Select(Gen.Int[1, 3], Gen.Int[1, 2], Gen.Int[1, 8], Gen.Byte.Array[0, 5000]).Sample((from, step, kind, body) =>
        {
            int to = ((from + step - 1) % 3) + 1;
            using LinkSession sender = new(from, LinkWorld.Keys(from), 1000);
            using LinkSession receiver = new(to, LinkWorld.Keys(to), 2000);
            FrameOpening opening = LinkWorld.Open(receiver, sender.Seal((FrameKind)kind, to, Query, Table, body));
            Assert.Equal(AckReason.Ok, opening.Reason);
            Assert.Equal(body, opening.Body);
        });

    [Fact]
    public void NoChangedBitAnywhereOpens()
    {
        using LinkSession one = new(1, LinkWorld.Keys(1), 1000);
        using LinkSession two = new(2, LinkWorld.Keys(2), 1000);
        byte[] frame = one.Seal(FrameKind.EShare, 2, Query, Table, [1, 2, 3, 4]);
        for (int bit = 0; bit < 8 * frame.Length; bit++)
        {
            byte[] changed = [.. frame];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            if (FrameHeader.TryParse(changed, out FrameHeader? header, out _) == AckReason.Ok)
            {
                FrameOpening opening = two.Open(header!, changed.AsSpan(FrameHeader.Size));
                Assert.True(opening.Reason != AckReason.Ok && opening.Body is null, $"bit {bit}");
            }
        }

        // None of these moved anything: the frame itself still comes.
        Assert.Equal(AckReason.Ok, LinkWorld.Open(two, frame).Reason);
    }

    [Fact]
    public void AFrameComesOnceAndInAnyOrder()
    {
        using LinkSession one = new(1, LinkWorld.Keys(1), 1000);
        using LinkSession two = new(2, LinkWorld.Keys(2), 1000);
        byte[][] frames = [.. Enumerable.Range(0, 50).Select(i => one.Seal(FrameKind.EShare, 2, Query, Table, [(byte)i]))];
        foreach (byte[] frame in frames.Reverse())
        {
            Assert.Equal(AckReason.Ok, LinkWorld.Open(two, frame).Reason);
        }

        foreach (byte[] frame in frames)
        {
            Assert.Equal(new FrameOpening(AckReason.Replayed, null), LinkWorld.Open(two, frame));
        }
    }

    [Fact]
    public void AnOlderSessionIsReplayedOnceANewerOneCame()
    {
        using LinkSession old = new(1, LinkWorld.Keys(1), 1000);
        using LinkSession restarted = new(1, LinkWorld.Keys(1), 1001);
        using LinkSession two = new(2, LinkWorld.Keys(2), 5);
        byte[] before = old.Seal(FrameKind.Hello, 2, Query, Table, []);
        byte[] late = old.Seal(FrameKind.Hello, 2, Query, Table, []);
        byte[] after = restarted.Seal(FrameKind.Hello, 2, Query, Table, []);
        Assert.Equal(AckReason.Ok, LinkWorld.Open(two, before).Reason);
        Assert.Equal(AckReason.Ok, LinkWorld.Open(two, after).Reason);
        Assert.Equal(AckReason.Replayed, LinkWorld.Open(two, late).Reason);
        Assert.Equal(AckReason.Replayed, LinkWorld.Open(two, before).Reason);
        Assert.Equal(AckReason.Replayed, LinkWorld.Open(two, after).Reason);
    }

    [Fact]
    public void AForgedNewerSessionDoesNotShutTheRealOneOut()
    {
        using LinkSession one = new(1, LinkWorld.Keys(1), 1000);
        using LinkSession two = new(2, LinkWorld.Keys(2), 1000);
        using LinkSession forger = new(1, new PairKeys(1, new byte[32], new byte[32]), 9000);
        Assert.Equal(AckReason.Ok, LinkWorld.Open(two, one.Seal(FrameKind.Hello, 2, Query, Table, [])).Reason);
        Assert.Equal(AckReason.Unauthentic, LinkWorld.Open(two, forger.Seal(FrameKind.Hello, 2, Query, Table, [])).Reason);
        Assert.Equal(AckReason.Ok, LinkWorld.Open(two, one.Seal(FrameKind.Hello, 2, Query, Table, [])).Reason);
    }

    [Fact]
    public void AFarForgedSequenceDoesNotMoveTheWindow()
    {
        using LinkSession one = new(1, LinkWorld.Keys(1), 1000);
        using LinkSession two = new(2, LinkWorld.Keys(2), 1000);
        byte[] first = one.Seal(FrameKind.Hello, 2, Query, Table, []);
        byte[] second = one.Seal(FrameKind.Hello, 2, Query, Table, []);
        Assert.Equal(AckReason.Ok, LinkWorld.Open(two, second).Reason);
        FrameHeader far = FrameHeader.Parse(first) with { Sequence = ulong.MaxValue };
        Assert.Equal(AckReason.Unauthentic, two.Open(far, first.AsSpan(FrameHeader.Size)).Reason);
        Assert.Equal(AckReason.Ok, LinkWorld.Open(two, first).Reason);
    }

    [Fact]
    public void FramesOfOthersAreRefused()
    {
        using LinkSession one = new(1, LinkWorld.Keys(1), 1000);
        using LinkSession two = new(2, LinkWorld.Keys(2), 1000);
        using LinkSession three = new(3, LinkWorld.Keys(3), 1000);
        byte[] frame = one.Seal(FrameKind.EShare, 2, Query, Table, [1]);
        FrameHeader header = FrameHeader.Parse(frame);
        byte[] rest = frame[FrameHeader.Size..];
        Assert.Equal(AckReason.UnknownPeer, three.Open(header, rest).Reason);
        Assert.Equal(AckReason.UnknownPeer, one.Open(header, rest).Reason);
        Assert.Equal(AckReason.UnknownPeer, two.Open(header with { From = 2 }, rest).Reason);
        Assert.Equal(AckReason.UnknownPeer, two.Open(header with { From = 9 }, rest).Reason);
        Assert.Equal(AckReason.Unauthentic, two.Open(header with { From = 3 }, rest).Reason);
        Assert.Equal(AckReason.Unauthentic, three.Open(header with { To = 3 }, rest).Reason);
        Assert.Equal(AckReason.BadFrame, two.Open(header, rest.AsSpan(1)).Reason);
        Assert.Equal(AckReason.BadFrame, two.Open(header with { BodyLength = -16 }, []).Reason);

        // A frame does not open in the direction it came from.
        Assert.Equal(AckReason.Unauthentic, one.Open(header with { From = 2, To = 1 }, rest).Reason);
    }

    [Fact]
    public void AForgedOkThrowsAndARefusalIsBelieved()
    {
        using LinkSession one = new(1, LinkWorld.Keys(1), 1000);
        using LinkSession two = new(2, LinkWorld.Keys(2), 1000);
        FrameHeader first = FrameHeader.Parse(one.Seal(FrameKind.EShare, 2, Query, Table, [1]));
        FrameHeader second = FrameHeader.Parse(one.Seal(FrameKind.EShare, 2, Query, Table, [1]));
        byte[] ok = two.SealAck(first, AckReason.Ok);
        Assert.Equal(AckReason.Ok, one.OpenAck(ok, first));
        Assert.Equal(AckReason.BadFrame, Assert.Throws<WireException>(() => one.OpenAck(ok, second)).Reason);
        byte[] moved = [.. ok];
        moved[13] = 1; // the tag of the first frame under the sequence of the second
        Assert.Equal(AckReason.Unauthentic, Assert.Throws<WireException>(() => one.OpenAck(moved, second)).Reason);
        Assert.Throws<WireException>(() => one.OpenAck(LinkSession.Refusal(AckReason.Ok), first));
        for (int bit = 0; bit < 8 * ok.Length; bit++)
        {
            byte[] changed = [.. ok];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            if (changed[5] is 0 or > (byte)AckReason.Stopping)
            {
                Assert.Throws<WireException>(() => one.OpenAck(changed, first));
            }
            else
            {
                Assert.Equal((AckReason)changed[5], one.OpenAck(changed, first));
            }
        }

        foreach (AckReason reason in Enum.GetValues<AckReason>().Where(r => r != AckReason.Ok))
        {
            Assert.Equal(reason, one.OpenAck(LinkSession.Refusal(reason), first));
            Assert.Equal(reason, one.OpenAck(two.SealAck(first, reason), first));
        }

        Assert.Equal((0UL, 1UL), (LinkSession.AckSequence(ok), LinkSession.AckSequence(two.SealAck(second, AckReason.Stale))));
        Assert.Equal(LinkSession.NoSequence, LinkSession.AckSequence(LinkSession.Refusal(AckReason.BadFrame)));
        Assert.Contains("out of step", Assert.Throws<WireException>(() => one.OpenAck(two.SealAck(second, AckReason.Stale), first)).Message, StringComparison.Ordinal);
        Assert.Throws<WireException>(() => LinkSession.AckSequence(ok.AsSpan(1)));
        Assert.Throws<WireException>(() => one.OpenAck([], first));
        Assert.Throws<WireException>(() => one.OpenAck([.. ok, 0], first));
        Assert.Throws<ArgumentException>(() => one.OpenAck(ok, first with { Session = Guid.NewGuid() }));
        Assert.Throws<ArgumentException>(() => two.SealAck(first with { To = 3 }, AckReason.Ok));
    }

    [Fact]
    public void AnOkAfterTheSenderRestartedStillBelongsToItsOwnSession()
    {
        using LinkSession old = new(1, LinkWorld.Keys(1), 1000);
        using LinkSession restarted = new(1, LinkWorld.Keys(1), 2000);
        using LinkSession two = new(2, LinkWorld.Keys(2), 1000);
        byte[] before = old.Seal(FrameKind.Hello, 2, Query, Table, []);
        byte[] after = restarted.Seal(FrameKind.Hello, 2, Query, Table, []);
        Assert.Equal(AckReason.Ok, LinkWorld.Open(two, before).Reason);
        Assert.Equal(AckReason.Ok, LinkWorld.Open(two, after).Reason);
        FrameHeader header = FrameHeader.Parse(before);
        Assert.Equal(AckReason.Ok, old.OpenAck(two.SealAck(header, AckReason.Ok), header));
    }

    [Fact]
    public void ManyThreadsTakeEachFrameExactlyOnce()
    {
        using LinkSession one = new(1, LinkWorld.Keys(1), 1000);
        using LinkSession two = new(2, LinkWorld.Keys(2), 1000);
        byte[][] frames = new byte[300][];
        Parallel.For(0, frames.Length, i => frames[i] = one.Seal(FrameKind.EShare, 2, Query, Table, new byte[2000]));
        Assert.Equal(frames.Length, frames.Select(f => FrameHeader.Parse(f).Sequence).Distinct().Count());
        int taken = 0, replayed = 0;
        Parallel.For(0, 4 * frames.Length, i =>
        {
            AckReason reason = LinkWorld.Open(two, frames[i % frames.Length]).Reason;
            Interlocked.Increment(ref reason == AckReason.Ok ? ref taken : ref replayed);
        });
        Assert.Equal((frames.Length, 3 * frames.Length), (taken, replayed));
    }

    [Fact]
    public void BadUseIsRefused()
    {
        using LinkSession one = new(1, LinkWorld.Keys(1), 0x0190a1b2c3d4);
        Assert.StartsWith("0190a1b2-c3d4-", one.Session.ToString(), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => one.Seal(FrameKind.Hello, 1, Query, Table, []));
        Assert.Throws<ArgumentException>(() => one.Seal(FrameKind.Hello, 4, Query, Table, []));
        Assert.Throws<ArgumentException>(() => one.Seal((FrameKind)200, 2, Query, Table, []));
        Assert.Throws<ArgumentException>(() => new LinkSession(2, LinkWorld.Keys(1), 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LinkSession(1, LinkWorld.Keys(1), -1));
        one.Dispose();
        Assert.Throws<ObjectDisposedException>(() => one.Seal(FrameKind.Hello, 2, Query, Table, []));
    }
}
