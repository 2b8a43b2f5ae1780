using System.Buffers.Binary;
using Trident.Protocol.Product;
using Trident.Protocol.Tables;

namespace Trident.Abstractions;

/// <summary>
/// What a client seals to a party: one ticket and one key per row asked for. A key is a selector key or, where the table is a score
/// table, the party's share of a vector of as many words as the table has rows. Layout, little-endian: <c>u8 version | u16 count | u32 key size | count × (32-byte batch id | i32 item) | count × key</c>.
/// </summary>
public sealed class QueryPlaintext
{
    private const byte FormatVersion = 1;
    private const int HeaderSize = 7;
    private const int TicketSize = 36;

    /// <summary>The most rows that one query may ask for.</summary>
    public const int MaxCount = 1024;

    /// <summary>The most bytes of a key: a share of the longest vector that a score table has rows for. No selector key is as long.</summary>
    public const int MaxKeyBytes = TableDescription.MaxScoreRows * sizeof(uint);

    private const int MaxSelectorKeyBytes = 1 << 16;

    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly int _keySize;

    private QueryPlaintext(ReadOnlyMemory<byte> bytes, int count, int keySize) => (_bytes, Count, _keySize) = (bytes, count, keySize);

    /// <summary>How many rows are asked for.</summary>
    public int Count { get; }

    /// <summary>Ticket <paramref name="index"/>.</summary>
    public Ticket Ticket(int index)
    {
        ReadOnlySpan<byte> bytes = _bytes.Span.Slice(HeaderSize + index * TicketSize, TicketSize);
        return new Ticket(new BatchId(bytes[..32]), BinaryPrimitives.ReadInt32LittleEndian(bytes[32..]));
    }

    /// <summary>Key <paramref name="index"/>: an encoded selector key, or words, little endian.</summary>
    public ReadOnlySpan<byte> Key(int index) => _bytes.Span.Slice(HeaderSize + Count * TicketSize + index * _keySize, _keySize);

    /// <summary>The most bytes that a query of so many keys to a table can have: what a party need look at.</summary>
    public static long MaxBytes(TableDescription table, int count) =>
        HeaderSize + count * (TicketSize + (table.IsScores ? (long)table.Rows * sizeof(uint) : MaxSelectorKeyBytes));

    /// <summary>Encodes tickets and keys. All keys have one size.</summary>
    public static byte[] Write(IReadOnlyList<(byte[] Batch, int Item)> tickets, IReadOnlyList<byte[]> keys)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(tickets.Count, keys.Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(keys.Count, MaxCount);
        int keySize = keys[0].Length;
        byte[] bytes = new byte[HeaderSize + keys.Count * (TicketSize + keySize)];
        Span<byte> rest = bytes;
        rest[0] = FormatVersion;
        BinaryPrimitives.WriteUInt16LittleEndian(rest[1..], (ushort)keys.Count);
        BinaryPrimitives.WriteInt32LittleEndian(rest[3..], keySize);
        rest = rest[HeaderSize..];
        foreach ((byte[] batch, int item) in tickets)
        {
            batch.AsSpan(0, 32).CopyTo(rest);
            BinaryPrimitives.WriteInt32LittleEndian(rest[32..], item);
            rest = rest[TicketSize..];
        }

        foreach (byte[] key in keys)
        {
            ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, keySize);
            key.CopyTo(rest);
            rest = rest[keySize..];
        }

        return bytes;
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="FormatException">It is something else; the message says what is wrong.</exception>
    public static QueryPlaintext Parse(ReadOnlyMemory<byte> bytes, int expectedCount)
    {
        ReadOnlySpan<byte> span = bytes.Span;
        if (span.Length < HeaderSize)
        {
            throw new FormatException($"The query is cut short: {span.Length} bytes, where the header alone has {HeaderSize}.");
        }

        if (span[0] != FormatVersion)
        {
            throw new FormatException($"The query has format version {span[0]}; this party reads version {FormatVersion}.");
        }

        int count = BinaryPrimitives.ReadUInt16LittleEndian(span[1..]);
        int keySize = BinaryPrimitives.ReadInt32LittleEndian(span[3..]);
        if (count is < 1 or > MaxCount || count != expectedCount)
        {
            throw new FormatException($"The query holds {count} keys; its envelope says {expectedCount}, and 1 to {MaxCount} are allowed.");
        }

        if (keySize is < 1 or > MaxKeyBytes || span.Length != HeaderSize + (long)count * (TicketSize + keySize))
        {
            throw new FormatException($"The query has {span.Length} bytes, which do not hold {count} keys of {keySize} bytes and their tickets.");
        }

        return new QueryPlaintext(bytes, count, keySize);
    }

    /// <summary>The associated data of a query: <c>"trident query v1" | party | query id | table version | count</c>.</summary>
    public static byte[] Aad(int party, Guid queryId, Guid tableVersion, int count)
    {
        byte[] aad = new byte[16 + 1 + 16 + 16 + 4];
        "trident query v1"u8.CopyTo(aad);
        aad[16] = (byte)party;
        queryId.TryWriteBytes(aad.AsSpan(17), bigEndian: true, out _);
        tableVersion.TryWriteBytes(aad.AsSpan(33), bigEndian: true, out _);
        BinaryPrimitives.WriteInt32LittleEndian(aad.AsSpan(49), count);
        return aad;
    }

    /// <summary>
    /// The associated data of an answer: that of its query, and whether all three e-shares agreed at the party. It is bound so that nobody on
    /// the way can make an answer that was not checked look as if it was.
    /// </summary>
    public static byte[] AnswerAad(ReadOnlySpan<byte> query, bool agreed) => [.. query, agreed ? (byte)1 : (byte)0];
}
