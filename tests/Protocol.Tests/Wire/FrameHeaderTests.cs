using CsCheck;
using Trident.Protocol.Wire;
using Xunit;

namespace Trident.Protocol.Tests.Wire;

public class FrameHeaderTests
{
    private static readonly FrameHeader Good =
        new(FrameKind.EShare, 1, 3, Guid.NewGuid(), Guid.NewGuid(), 4000, Guid.NewGuid(), 5);

    [Fact]
    public void AnyHeaderComesBack() =>
        Gen.Select(Gen.Int[1, 12], Gen.Int[1, 3], Gen.Int[1, 2], Gen.Guid, Gen.Guid, Gen.Int[0, FrameHeader.MaxBodyLength], Gen.Guid, Gen.ULong)
            .Sample((kind, from, step, query, table, length, session, sequence) =>
            {
                FrameHeader header = new((FrameKind)kind, from, ((from + step - 1) % 3) + 1, query, table, length, session, sequence);
                byte[] bytes = new byte[FrameHeader.Size];
                header.Write(bytes);
                Assert.Equal(header, FrameHeader.Parse(bytes));
            });

    [Theory]
    [InlineData(0, 0x55, "not a frame")]
    [InlineData(3, 0x41, "not a frame")]
    [InlineData(4, 0, "version 0")]
    [InlineData(4, 2, "version 2")]
    [InlineData(5, 0, "kind 0")]
    [InlineData(5, 13, "kind 13")]
    [InlineData(6, 0, "from party 0")]
    [InlineData(6, 4, "from party 4")]
    [InlineData(7, 0, "to party 0")]
    [InlineData(7, 4, "to party 4")]
    [InlineData(7, 1, "two different ones")]
    public void AMalformedHeaderIsABadFrame(int position, byte value, string expected)
    {
        byte[] bytes = Bytes(Good);
        bytes[position] = value;
        WireException e = Assert.Throws<WireException>(() => FrameHeader.Parse(bytes));
        Assert.Equal(AckReason.BadFrame, e.Reason);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.Equal(AckReason.BadFrame, FrameHeader.TryParse(bytes, out FrameHeader? header, out string fault));
        Assert.Null(header);
        Assert.Equal(e.Message, fault);
    }

    [Theory]
    [InlineData(FrameHeader.MaxBodyLength + 1u)]
    [InlineData(0x80000000u)]
    [InlineData(uint.MaxValue)]
    public void ABodyLargerThanAnyIsTooLarge(uint length)
    {
        byte[] bytes = Bytes(Good);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(64), length);
        WireException e = Assert.Throws<WireException>(() => FrameHeader.Parse(bytes));
        Assert.Equal(AckReason.TooLarge, e.Reason);
        Assert.Contains($"{length} bytes", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AHeaderCutShortIsABadFrame()
    {
        byte[] bytes = Bytes(Good);
        for (int length = 0; length < FrameHeader.Size; length++)
        {
            WireException e = Assert.Throws<WireException>(() => FrameHeader.Parse(bytes.AsSpan(0, length)));
            Assert.Equal(AckReason.BadFrame, e.Reason);
        }

        Assert.Throws<ArgumentException>(() => Good.Write(new byte[FrameHeader.Size - 1]));
    }

    [Fact]
    public void NoiseIsRefusedWithoutAnotherException() =>
        Gen.Byte.Array[0, 100].Sample(noise =>
            Assert.Equal(
                FrameHeader.TryParse(noise, out FrameHeader? header, out string fault) == AckReason.Ok,
                header is not null && fault.Length == 0));

    private static byte[] Bytes(FrameHeader header)
    {
        byte[] bytes = new byte[FrameHeader.Size];
        header.Write(bytes);
        return bytes;
    }
}
