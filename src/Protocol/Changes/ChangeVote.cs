using System.Buffers.Binary;

namespace Trident.Protocol.Changes;

/// <summary>
/// What a party tells its peers of one transaction: its vote and, with a yes, what it voted for. On the wire 13 bytes:
/// vote (1 yes, 2 no), expected revision (8), row (4), little endian; with a no the numbers are zero.
/// </summary>
/// <param name="Yes">Whether the party has the change on its disk and will make it if the others do.</param>
/// <param name="Revision">The revision that the table must have before the change.</param>
/// <param name="Row">The row that is changed.</param>
public readonly record struct ChangeVote(bool Yes, long Revision, int Row)
{
    /// <summary>Bytes of a vote on the wire.</summary>
    public const int Size = 13;

    /// <summary>The vote against.</summary>
    public static readonly ChangeVote No;

    /// <summary>Writes the vote.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Size];
        bytes[0] = Yes ? (byte)1 : (byte)2;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(1), Revision);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(9), Row);
        return bytes;
    }

    /// <summary>Reads a vote.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static ChangeVote Parse(ReadOnlySpan<byte> bytes) =>
        bytes.Length == Size && bytes[0] is 1 or 2
            ? new ChangeVote(bytes[0] == 1, BinaryPrimitives.ReadInt64LittleEndian(bytes[1..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[9..]))
            : throw new FormatException($"A vote has {Size} bytes and begins with 1 or 2; this has {bytes.Length}.");
}

/// <summary>What became of a transaction at this party.</summary>
public enum ChangeState
{
    /// <summary>This party has never heard of it.</summary>
    Unknown,

    /// <summary>It voted yes and waits for the others' votes. It may neither make the change nor forget it.</summary>
    Prepared,

    /// <summary>It voted no.</summary>
    Refused,

    /// <summary>All voted yes; the row is changed.</summary>
    Committed,

    /// <summary>It voted yes, and another party no.</summary>
    Aborted,
}
