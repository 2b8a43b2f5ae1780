using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Trident.Protocol.Tables;

namespace Trident.Protocol.Collections;

/// <summary>What the ids of a collection are.</summary>
public enum IdKind
{
    /// <summary>No ids were given: a vector's id is its row, and takes no room in its record.</summary>
    Row = 0,

    /// <summary>Whole numbers of 64 bits, ordered by value.</summary>
    Integer = 1,

    /// <summary>Text, ordered by its UTF-8 bytes.</summary>
    Text = 2,
}

/// <summary>What the payloads of a collection are.</summary>
public enum PayloadKind
{
    /// <summary>There are none.</summary>
    None = 0,

    /// <summary>A line of text each.</summary>
    Text = 1,

    /// <summary>A JSON value each.</summary>
    Json = 2,
}

/// <summary>
/// How a record of a collection is laid out: the vector as given | the id | the payload's length (4) and its UTF-8 bytes. All records are
/// of one size, so shorter ids and payloads are padded with zeros. Several records stand in one row of the record table: a query then
/// selects among fewer rows and brings its neighbours' records too, which its client may read anyway, and the parties exchange and
/// expand so many times less (docs/collections.md, Records).
/// </summary>
/// <param name="Vector">The vector's shape.</param>
/// <param name="Ids">What the ids are.</param>
/// <param name="IdBytes">Bytes of an id: 0, 8, or of the longest text.</param>
/// <param name="Payloads">What the payloads are.</param>
/// <param name="PayloadBytes">Bytes of the longest payload.</param>
/// <param name="PerRow">Records in a row of the record table, a power of two.</param>
public sealed record RecordLayout(RecordShape Vector, IdKind Ids, int IdBytes, PayloadKind Payloads, int PayloadBytes, int PerRow)
{
    /// <summary>The most bytes that an id of text may have.</summary>
    public const int MaxIdBytes = 256;

    private const int LengthBytes = 4;

    /// <summary>Bytes of one record.</summary>
    public int RecordBytes => Vector.Bytes + IdBytes + (Payloads == PayloadKind.None ? 0 : LengthBytes + PayloadBytes);

    /// <summary>The shape of a row of the record table.</summary>
    public RecordShape RowShape => new(ElementKind.U8, RecordBytes * PerRow);

    /// <summary>Bytes of an id in a list of neighbours: a row's number takes 4 where no ids were given.</summary>
    public int NeighbourIdBytes => Ids == IdKind.Row ? sizeof(int) : IdBytes;

    /// <summary>Rows of the record table for so many vectors.</summary>
    public int Rows(int count) => (count + PerRow - 1) / PerRow;

    /// <summary>
    /// How many records to put in a row: expansion and exchange cost as much as there are rows, the answer and the making of stock as
    /// there are words in a row, so neither is made much larger than the other.
    /// </summary>
    public static int BestPerRow(int count, int recordBytes)
    {
        int most = Math.Max(1, RecordShape.MaxDimension / recordBytes);
        double balanced = Math.Sqrt(count / (double)RecordPacking.WordsFor(recordBytes)) / 2;
        int perRow = 1;
        while (perRow * 2 <= Math.Min(most, balanced))
        {
            perRow *= 2;
        }

        return perRow;
    }

    /// <summary>Refuses a layout that no collection can have.</summary>
    /// <exception cref="TableException">A size is out of its range.</exception>
    public void Validate()
    {
        Vector.Validate();
        bool ids = Ids switch
        {
            IdKind.Row => IdBytes == 0,
            IdKind.Integer => IdBytes == sizeof(long),
            IdKind.Text => IdBytes is >= 1 and <= MaxIdBytes,
            _ => false,
        };
        if (!ids || !Enum.IsDefined(Payloads) || PayloadBytes < 0 || (Payloads == PayloadKind.None && PayloadBytes != 0) || PerRow < 1 || (PerRow & (PerRow - 1)) != 0
            || Vector.Element == ElementKind.Word)
        {
            throw new TableException($"No collection has records of this layout: {this}.");
        }

        long bytes = (long)Vector.Bytes + IdBytes + (Payloads == PayloadKind.None ? 0L : LengthBytes + (long)PayloadBytes);
        if (bytes * PerRow > RecordShape.MaxDimension)
        {
            throw new TableException(
                $"A record of a vector of {Vector.Bytes:N0} bytes, an id of {IdBytes:N0} and a payload of up to {PayloadBytes:N0} is too large; they may have {RecordShape.MaxDimension:N0} bytes together. Shorten the payloads.");
        }
    }

    /// <summary>Writes a record.</summary>
    /// <param name="vector">The vector's bytes.</param>
    /// <param name="id">The id's bytes, at most <see cref="IdBytes"/>; see <see cref="EncodeId"/>.</param>
    /// <param name="payload">The payload's UTF-8 bytes, at most <see cref="PayloadBytes"/>.</param>
    /// <param name="record">Exactly <see cref="RecordBytes"/> bytes.</param>
    public void Write(ReadOnlySpan<byte> vector, ReadOnlySpan<byte> id, ReadOnlySpan<byte> payload, Span<byte> record)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(vector.Length, Vector.Bytes);
        ArgumentOutOfRangeException.ThrowIfNotEqual(record.Length, RecordBytes);
        record.Clear();
        vector.CopyTo(record);
        id.CopyTo(record.Slice(Vector.Bytes, IdBytes));
        if (Payloads != PayloadKind.None)
        {
            Span<byte> rest = record[(Vector.Bytes + IdBytes)..];
            BinaryPrimitives.WriteInt32LittleEndian(rest, payload.Length);
            payload.CopyTo(rest[LengthBytes..]);
        }
    }

    /// <summary>The vector's bytes of a record.</summary>
    public ReadOnlySpan<byte> VectorOf(ReadOnlySpan<byte> record) => record[..Vector.Bytes];

    /// <summary>The id of a record.</summary>
    /// <param name="record">The record.</param>
    /// <param name="row">Its row in the collection, which is the id where none were given.</param>
    public string IdOf(ReadOnlySpan<byte> record, int row) => Ids == IdKind.Row
        ? row.ToString(CultureInfo.InvariantCulture)
        : DecodeId(record.Slice(Vector.Bytes, IdBytes));

    /// <summary>The payload of a record; null where the collection has none.</summary>
    /// <exception cref="TableException">The length is not possible: not a record of this collection.</exception>
    public string? PayloadOf(ReadOnlySpan<byte> record)
    {
        if (Payloads == PayloadKind.None)
        {
            return null;
        }

        ReadOnlySpan<byte> rest = record[(Vector.Bytes + IdBytes)..];
        int length = BinaryPrimitives.ReadInt32LittleEndian(rest);
        return length >= 0 && length <= PayloadBytes
            ? Encoding.UTF8.GetString(rest.Slice(LengthBytes, length))
            : throw new TableException($"A record's payload has {length} bytes where {PayloadBytes} are the most: the answer or the share it came from is damaged.");
    }

    /// <summary>An id's bytes as records and lists of neighbours hold them: 8 little endian, or UTF-8.</summary>
    public byte[] EncodeId(string id)
    {
        if (Ids == IdKind.Text)
        {
            return Encoding.UTF8.GetBytes(id);
        }

        byte[] bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, long.Parse(id, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
        return bytes;
    }

    /// <summary>The id that <see cref="EncodeId"/> made into bytes, with padding or without.</summary>
    public string DecodeId(ReadOnlySpan<byte> bytes) => Ids == IdKind.Text
        ? Encoding.UTF8.GetString(bytes.TrimEnd((byte)0))
        : BinaryPrimitives.ReadInt64LittleEndian(bytes).ToString(CultureInfo.InvariantCulture);

    /// <summary>The shape of a row of the table of neighbours.</summary>
    public RecordShape NeighboursShape(int perList) => new(ElementKind.U8, perList * NeighbourIdBytes);

    /// <summary>Reads a list of neighbours.</summary>
    /// <param name="list">A row of the table of neighbours.</param>
    /// <returns>The ids, nearest first.</returns>
    public string[] NeighboursOf(ReadOnlySpan<byte> list)
    {
        int size = NeighbourIdBytes;
        string[] ids = new string[list.Length / size];
        for (int i = 0; i < ids.Length; i++)
        {
            ReadOnlySpan<byte> id = list.Slice(i * size, size);
            ids[i] = Ids == IdKind.Row ? BinaryPrimitives.ReadInt32LittleEndian(id).ToString(CultureInfo.InvariantCulture) : DecodeId(id);
        }

        return ids;
    }
}
