using Trident.Protocol.Tests.Sealing;
using Trident.Protocol.Wire;
using Xunit;

namespace Trident.Protocol.Tests.Wire;

/// <summary>
/// Frames and acknowledgements byte by byte, both ways. The encrypted parts were worked out with another implementation of
/// HKDF, HMAC and AES-GCM: pair's secret 20 21 .. 3f, party 1 to party 2. docs/wire.md shows the same bytes.
/// </summary>
public class GoldenFrameTests
{
    private const string EShare = """
        54524446                           magic "TRDF"
        01                                 version
        01                                 kind: EShare
        01                                 from
        02                                 to
        0190a1b2c3d4e0e1e2e3e4e5e6e7e8e9   session: 0x0190a1b2c3d4 ms, random
        0000000000000000                   sequence
        00112233445566778899aabbccddeeff   query
        0f0e0d0c0b0a09080706050403020100   table version
        00000008                           body length
        d3b578fd784a2b51                   body: the words 1, p - 1, little endian, encrypted
        5e93d5d677fad5160456986d720ba309   tag
        """;

    private const string Hello = """
        54524446                           magic "TRDF"
        01                                 version
        08                                 kind: Hello
        01                                 from
        02                                 to
        0190a1b2c3d4e0e1e2e3e4e5e6e7e8e9   session
        0000000000000001                   sequence
        00112233445566778899aabbccddeeff   query
        0f0e0d0c0b0a09080706050403020100   table version
        00000000                           body length
        9bcc5bcd64a6d966128837431cdcbfd5   tag
        """;

    private const string EShareOk = """
        54524441                           magic "TRDA"
        02                                 version
        00                                 reason: Ok
        0000000000000000                   sequence of the frame
        8fe10a1368ba98142d75377b000457be   tag
        """;

    private const string HelloOk = """
        54524441                           magic "TRDA"
        02                                 version
        00                                 reason: Ok
        0000000000000001                   sequence of the frame
        f872558e4aa6b75f86c7f04258c34b13   tag
        """;

    private const string Stale = """
        54524441                           magic "TRDA"
        02                                 version
        08                                 reason: Stale
        0000000000000001                   sequence of the frame
        00000000000000000000000000000000   no tag
        """;

    private static readonly byte[] Body = [1, 0, 0, 0, 0xfe, 0xff, 0xff, 0x7f];
    private static readonly Guid Query = new("00112233-4455-6677-8899-aabbccddeeff");
    private static readonly Guid Table = new("0f0e0d0c-0b0a-0908-0706-050403020100");
    private static readonly Guid Session = new("0190a1b2-c3d4-e0e1-e2e3-e4e5e6e7e8e9");

    [Fact]
    public void FramesAreSealedToTheseBytes()
    {
        using LinkSession one = new(1, LinkWorld.Keys(1), Session);
        Assert.Equal(AnnotatedHex.Parse(EShare), one.Seal(FrameKind.EShare, 2, Query, Table, Body));
        Assert.Equal(AnnotatedHex.Parse(Hello), one.Seal(FrameKind.Hello, 2, Query, Table, []));
    }

    [Fact]
    public void TheseBytesAreOpened()
    {
        using LinkSession two = new(2, LinkWorld.Keys(2), 1);
        Assert.Equal(
            new FrameHeader(FrameKind.EShare, 1, 2, Query, Table, 8, Session, 0), FrameHeader.Parse(AnnotatedHex.Parse(EShare)));
        Assert.Equal(0x0190a1b2c3d4, FrameHeader.Parse(AnnotatedHex.Parse(EShare)).SessionMilliseconds);
        Assert.Equal(
            new FrameHeader(FrameKind.Hello, 1, 2, Query, Table, 0, Session, 1), FrameHeader.Parse(AnnotatedHex.Parse(Hello)));
        FrameOpening share = LinkWorld.Open(two, AnnotatedHex.Parse(EShare));
        Assert.Equal(AckReason.Ok, share.Reason);
        Assert.Equal(Body, share.Body);
        FrameOpening hello = LinkWorld.Open(two, AnnotatedHex.Parse(Hello));
        Assert.Equal(AckReason.Ok, hello.Reason);
        Assert.Empty(hello.Body!);
    }

    [Theory]
    [InlineData(EShare, AckReason.Ok, EShareOk)]
    [InlineData(Hello, AckReason.Ok, HelloOk)]
    [InlineData(Hello, AckReason.Stale, Stale)]
    public void AcknowledgementsAreTheseBytesBothWays(string frame, AckReason reason, string ack)
    {
        using LinkSession one = new(1, LinkWorld.Keys(1), Session);
        using LinkSession two = new(2, LinkWorld.Keys(2), 1);
        FrameHeader header = FrameHeader.Parse(AnnotatedHex.Parse(frame));
        Assert.Equal(AnnotatedHex.Parse(ack), two.SealAck(header, reason));
        Assert.Equal(LinkSession.AckSize, AnnotatedHex.Parse(ack).Length);
        Assert.Equal(reason, one.OpenAck(AnnotatedHex.Parse(ack), header));
    }

    [Fact]
    public void TheNumbersOnTheWireStay()
    {
        Assert.Equal(
            ["Ok", "BadFrame", "UnknownPeer", "Unauthentic", "Replayed", "TooLarge", "UnknownTable", "MailboxFull", "Stale", "Stopping"],
            Enum.GetValues<AckReason>().Order().Select(r => r.ToString()));
        Assert.Equal(
            ["EShare", "StockPropose", "StockNonce", "StockMasked", "StockCoin", "StockCheckMask", "StockCheckZero", "Hello", "BeaverShare", "TableVote", "TableAsk", "StockClose"],
            Enumerable.Range(1, 12).Select(k => ((FrameKind)k).ToString()));
    }
}
