using System.Buffers.Binary;

namespace Trident.Protocol.Wire;

/// <summary>What a frame between parties carries.</summary>
public enum FrameKind : byte
{
    /// <summary>A party's share of e = v − a for one query.</summary>
    EShare = 1,

    /// <summary>Proposes a batch of stock, with the proposer's nonce.</summary>
    StockPropose = 2,

    /// <summary>A party's nonce for a proposed batch.</summary>
    StockNonce = 3,

    /// <summary>Masked products of a batch.</summary>
    StockMasked = 4,

    /// <summary>Digest of what was opened, and a share of the coins.</summary>
    StockCoin = 5,

    /// <summary>Shares of the combined masks.</summary>
    StockCheckMask = 6,

    /// <summary>Shares of what must be zero.</summary>
    StockCheckZero = 7,

    /// <summary>A heartbeat.</summary>
    Hello = 8,
}

/// <summary>
/// The header of a frame, in the clear and authenticated. Layout (68 bytes, integers big-endian):
/// <c>"TRDF" | u8 version | u8 kind | u8 from | u8 to | query (16) | table version (16) | session (16) | u64 sequence | u32 body length</c>.
/// </summary>
public sealed record FrameHeader(FrameKind Kind, int From, int To, Guid Query, Guid TableVersion, int BodyLength, Guid Session, ulong Sequence)
{
    /// <summary>Bytes of a header.</summary>
    public const int Size = 68;

    private const byte Version = 1;

    /// <summary>Writes the header.</summary>
    public void Write(Span<byte> bytes)
    {
        "TRDF"u8.CopyTo(bytes);
        bytes[4] = Version;
        bytes[5] = (byte)Kind;
        bytes[6] = (byte)From;
        bytes[7] = (byte)To;
        Query.TryWriteBytes(bytes[8..], bigEndian: true, out _);
        TableVersion.TryWriteBytes(bytes[24..], bigEndian: true, out _);
        Session.TryWriteBytes(bytes[40..], bigEndian: true, out _);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[56..], Sequence);
        BinaryPrimitives.WriteInt32BigEndian(bytes[64..], BodyLength);
    }

    /// <summary>Reads a header from the first bytes of a frame.</summary>
    /// <exception cref="FormatException">It is none; the message says what is wrong.</exception>
    public static FrameHeader Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Size)
        {
            throw new FormatException($"A frame's header has {Size} bytes; these are {bytes.Length}.");
        }

        if (!bytes[..4].SequenceEqual("TRDF"u8))
        {
            throw new FormatException("This is no Trident frame: it does not begin with 'TRDF'.");
        }

        if (bytes[4] != Version)
        {
            throw new FormatException($"The frame has version {bytes[4]}; this party speaks version {Version}.");
        }

        if (bytes[5] is < (byte)FrameKind.EShare or > (byte)FrameKind.Hello)
        {
            throw new FormatException($"There is no kind of frame {bytes[5]}.");
        }

        int length = BinaryPrimitives.ReadInt32BigEndian(bytes[64..]);
        return length < 0
            ? throw new FormatException("The frame's length is negative.")
            : new FrameHeader((FrameKind)bytes[5], bytes[6], bytes[7], new Guid(bytes.Slice(8, 16), bigEndian: true),
                new Guid(bytes.Slice(24, 16), bigEndian: true), length, new Guid(bytes.Slice(40, 16), bigEndian: true),
                BinaryPrimitives.ReadUInt64BigEndian(bytes[56..]));
    }
}
