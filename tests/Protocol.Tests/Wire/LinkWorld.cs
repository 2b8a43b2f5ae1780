using Trident.Protocol.Sharing;
using Trident.Protocol.Wire;

namespace Trident.Protocol.Tests.Wire;

/// <summary>Three parties' secrets, fixed: pair 1-2 has 20 21 .. 3f, pair 1-3 has 40 .. 5f, pair 2-3 has 60 .. 7f.</summary>
internal static class LinkWorld
{
    public static PairKeys Keys(int party) => party switch
    {
        1 => new PairKeys(1, Count(0x20), Count(0x40)),
        2 => new PairKeys(2, Count(0x20), Count(0x60)),
        _ => new PairKeys(3, Count(0x40), Count(0x60)),
    };

    public static FrameOpening Open(LinkSession session, byte[] frame) =>
        session.Open(FrameHeader.Parse(frame), frame.AsSpan(FrameHeader.Size));

    private static byte[] Count(int from) => [.. Enumerable.Range(from, 32).Select(i => (byte)i)];
}
