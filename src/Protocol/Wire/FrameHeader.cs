using System.Buffers.Binary;

namespace Trident.Protocol.Wire;

/// <summary>
/// The 68 bytes before every frame's body; they are the associated data of its encryption. Integers are big endian, ids are
/// in the order in which they are printed:
/// magic "TRDF" (4) | version (1) | kind (1) | from (1) | to (1) | session (16) | sequence (8) | query (16) |
/// table version (16) | body length (4). A body of that length, encrypted, and a tag of 16 bytes follow.
/// </summary>
/// <param name="Kind">What the body is.</param>
/// <param name="From">The sending party, 1 to 3.</param>
/// <param name="To">The receiving party, 1 to 3, another one.</param>
/// <param name="Query">The query, the batch of stock, or the transaction that the frame belongs to.</param>
/// <param name="TableVersion">The version of the table that it is about.</param>
/// <param name="BodyLength">Bytes of the body, without the tag.</param>
/// <param name="Session">The sending process: six bytes of Unix milliseconds, ten random ones.</param>
/// <param name="Sequence">Counts the session's frames to this receiver, from 0.</param>
public sealed record FrameHeader(
    FrameKind Kind, int From, int To, Guid Query, Guid TableVersion, int BodyLength, Guid Session, ulong Sequence)
{
    /// <summary>Bytes of a header.</summary>
    public const int Size = 68;

    /// <summary>Bytes of the tag after the body.</summary>
    public const int TagSize = 16;

    /// <summary>The largest body of any frame, in bytes; what a table implies is less.</summary>
    public const int MaxBodyLength = 1 << 30;

    private const byte Version = 1;

    private static ReadOnlySpan<byte> Magic => "TRDF"u8;

    /// <summary>Bytes that follow the header: body and tag.</summary>
    public int SealedLength => BodyLength + TagSize;

    /// <summary>Bytes of the whole frame.</summary>
    public int FrameLength => Size + SealedLength;

    /// <summary>When the sending process began, in Unix milliseconds.</summary>
    public long SessionMilliseconds
    {
        get
        {
            Span<byte> session = stackalloc byte[16];
            Session.TryWriteBytes(session, bigEndian: true, out _);
            return (long)(BinaryPrimitives.ReadUInt64BigEndian(session) >> 16);
        }
    }

    /// <summary>Writes the header into the first 68 bytes of <paramref name="bytes"/>.</summary>
    /// <exception cref="ArgumentException">There are fewer.</exception>
    public void Write(Span<byte> bytes)
    {
        if (bytes.Length < Size)
        {
            throw new ArgumentException($"A frame's header has {Size} bytes; there is room for {bytes.Length}.", nameof(bytes));
        }

        Magic.CopyTo(bytes);
        bytes[4] = Version;
        bytes[5] = (byte)Kind;
        bytes[6] = checked((byte)From);
        bytes[7] = checked((byte)To);
        Session.TryWriteBytes(bytes[8..], bigEndian: true, out _);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[24..], Sequence);
        Query.TryWriteBytes(bytes[32..], bigEndian: true, out _);
        TableVersion.TryWriteBytes(bytes[48..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt32BigEndian(bytes[64..], BodyLength);
    }

    /// <summary>Reads the header at the beginning of <paramref name="bytes"/>.</summary>
    /// <exception cref="WireException">It is none; the reason is <c>BadFrame</c> or <c>TooLarge</c>, the message says why.</exception>
    public static FrameHeader Parse(ReadOnlySpan<byte> bytes) =>
        TryParse(bytes, out FrameHeader? header, out string fault) is var reason && header is not null
            ? header
            : throw new WireException(reason, fault);

    /// <summary>The same without an exception: the reason is <c>Ok</c> exactly when there is a header.</summary>
    public static AckReason TryParse(ReadOnlySpan<byte> bytes, out FrameHeader? header, out string fault)
    {
        header = null;
        fault = Fault(bytes);
        if (fault.Length != 0)
        {
            return AckReason.BadFrame;
        }

        uint length = BinaryPrimitives.ReadUInt32BigEndian(bytes[64..]);
        if (length > MaxBodyLength)
        {
            fault = $"The frame announces a body of {length} bytes; no frame has more than {MaxBodyLength}.";
            return AckReason.TooLarge;
        }

        header = new FrameHeader(
            (FrameKind)bytes[5], bytes[6], bytes[7],
            new Guid(bytes.Slice(32, 16), bigEndian: true), new Guid(bytes.Slice(48, 16), bigEndian: true), (int)length,
            new Guid(bytes.Slice(8, 16), bigEndian: true), BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]));
        return AckReason.Ok;
    }

    private static string Fault(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Size)
        {
            return $"The frame ends within its header: {bytes.Length} of {Size} bytes.";
        }

        if (!bytes[..4].SequenceEqual(Magic))
        {
            return $"This is not a frame: it begins with {Convert.ToHexString(bytes[..4])}, not {Convert.ToHexString(Magic)}.";
        }

        if (bytes[4] != Version)
        {
            return $"The frame is of version {bytes[4]}; this party speaks version {Version}. Run the same release everywhere.";
        }

        if (bytes[5] is < (byte)FrameKind.EShare or > (byte)FrameKind.StockClose)
        {
            return $"The frame is of kind {bytes[5]}, which does not exist.";
        }

        return bytes[6] is < 1 or > 3 || bytes[7] is < 1 or > 3 || bytes[6] == bytes[7]
            ? $"The frame says that it goes from party {bytes[6]} to party {bytes[7]}; parties are 1, 2 and 3, and two different ones."
            : string.Empty;
    }
}
