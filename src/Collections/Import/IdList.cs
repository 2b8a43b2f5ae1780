using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;

namespace Trident.Collections.Import;

/// <summary>The ids of a collection's vectors and the order that they put them in.</summary>
internal sealed partial class IdList
{
    private readonly byte[][]? _ids;
    private readonly int[]? _rowOf;

    private IdList(IdKind kind, int idBytes, byte[][]? ids, int[]? rowOf) => (Kind, IdBytes, _ids, _rowOf) = (kind, idBytes, ids, rowOf);

    /// <summary>No ids: a vector's id is its row.</summary>
    public static IdList None { get; } = new(IdKind.Row, 0, null, null);

    /// <summary>What the ids are.</summary>
    public IdKind Kind { get; }

    /// <summary>Bytes of an id in a record.</summary>
    public int IdBytes { get; }

    /// <summary>Row in the collection of each vector of the file; null where they are in order already.</summary>
    public int[]? RowOf => _rowOf;

    /// <summary>The bytes of the id of the file's vector <paramref name="at"/>; none where there are no ids.</summary>
    public ReadOnlySpan<byte> Of(int at) => _ids is null ? default : _ids[at];

    /// <summary>Reads a file of ids: lines of text, or .npy or .ivecs of whole numbers.</summary>
    /// <param name="path">The file.</param>
    /// <param name="count">How many vectors there are.</param>
    /// <exception cref="TableException">Unreadable, blank, too long or duplicate ids, or another number of them than of vectors.</exception>
    public static IdList Read(string path, int count)
    {
        string name = TextLines.FormatName(path);
        long[]? numbers = name.EndsWith(".npy", StringComparison.Ordinal) ? TextLines.Guard(path, "file of ids", () => ReadNpy(path))
            : name.EndsWith(".ivecs", StringComparison.Ordinal) ? ReadIvecs(path) : null;
        if (numbers is null)
        {
            List<string> lines = TextLines.Read(path, "file of ids");
            int blank = lines.FindIndex(string.IsNullOrWhiteSpace);
            if (blank >= 0)
            {
                throw new TableException($"'{path}': line {blank + 1:N0} is blank, and every vector needs an id.");
            }

            CheckCount(path, lines.Count, count);
            numbers = Numbers(lines);
            if (numbers is null)
            {
                return OfText(path, lines);
            }
        }

        CheckCount(path, numbers.Length, count);
        int[] order = Order(numbers.Length, (a, b) => numbers[a].CompareTo(numbers[b]));
        RefuseDuplicates(path, order, (a, b) => numbers[a] == numbers[b], at => numbers[at].ToString(CultureInfo.InvariantCulture));
        return new IdList(IdKind.Integer, sizeof(long), Array.ConvertAll(numbers, Bytes), RowsOf(order));
    }

    private static IdList OfText(string path, List<string> lines)
    {
        byte[][] ids = new byte[lines.Count][];
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = Encoding.UTF8.GetBytes(lines[i]);
            if (ids[i].Length > RecordLayout.MaxIdBytes)
            {
                throw new TableException($"'{path}': the id in line {i + 1:N0} has {ids[i].Length:N0} bytes; an id has at most {RecordLayout.MaxIdBytes}.");
            }

            if (ids[i].AsSpan().Contains((byte)0))
            {
                throw new TableException($"'{path}': the id in line {i + 1:N0} has a zero byte, with which ids are padded. Remove it.");
            }
        }

        int[] order = Order(ids.Length, (a, b) => ids[a].AsSpan().SequenceCompareTo(ids[b]));
        RefuseDuplicates(path, order, (a, b) => ids[a].AsSpan().SequenceEqual(ids[b]), at => lines[at]);
        return new IdList(IdKind.Text, ids.Max(id => id.Length), ids, RowsOf(order));
    }

    private static int[] Order(int count, Comparison<int> compare)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        Array.Sort(order, (a, b) => compare(a, b) is var c && c != 0 ? c : a.CompareTo(b));
        return order;
    }

    private static int[]? RowsOf(int[] order)
    {
        int[] rowOf = new int[order.Length];
        bool inOrder = true;
        for (int row = 0; row < order.Length; row++)
        {
            rowOf[order[row]] = row;
            inOrder &= order[row] == row;
        }

        return inOrder ? null : rowOf;
    }

    private static void RefuseDuplicates(string path, int[] order, Func<int, int, bool> same, Func<int, string> id)
    {
        for (int i = 1; i < order.Length; i++)
        {
            if (same(order[i - 1], order[i]))
            {
                throw new TableException($"'{path}': the id '{id(order[i])}' is in line {order[i - 1] + 1:N0} and again in line {order[i] + 1:N0}; an id is one vector's.");
            }
        }
    }

    private static void CheckCount(string path, int ids, int vectors)
    {
        if (ids != vectors)
        {
            throw new TableException($"'{path}' has {ids:N0} ids, the vectors are {vectors:N0}.");
        }
    }

    // Only numbers that print as they were written: '007' and '+7' are text, or they would come back as '7'.
    private static long[]? Numbers(List<string> lines)
    {
        long[] numbers = new long[lines.Count];
        for (int i = 0; i < numbers.Length; i++)
        {
            if (!long.TryParse(lines[i], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out numbers[i])
                || numbers[i].ToString(CultureInfo.InvariantCulture) != lines[i])
            {
                return null;
            }
        }

        return numbers;
    }

    private static byte[] Bytes(long number)
    {
        byte[] bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        return bytes;
    }

    private static long[] ReadIvecs(string path)
    {
        using IVectorSource source = VectorFile.Open(path);
        if (source.Shape.Dimension != 1)
        {
            throw new TableException($"'{path}' has records of {source.Shape.Dimension} numbers; a file of ids has one each.");
        }

        byte[] record = new byte[sizeof(int)];
        long[] numbers = new long[source.Rows];
        for (int i = 0; i < numbers.Length && source.Next(record); i++)
        {
            numbers[i] = BinaryPrimitives.ReadInt32LittleEndian(record);
        }

        return numbers;
    }

    // Ids are mostly 64-bit, which vectors never are, so this is a reader of its own: one dimension of integers, little endian.
    private static long[] ReadNpy(string path)
    {
        using Stream stream = TextLines.Open(path);
        using MemoryStream all = new();
        stream.CopyTo(all);
        ReadOnlySpan<byte> bytes = all.GetBuffer().AsSpan(0, (int)all.Length);
        int prefix = bytes.Length > 12 && bytes[6] == 1 ? 10 : 12;
        if (bytes.Length < prefix || bytes[0] != 0x93 || !bytes[1..].StartsWith("NUMPY"u8))
        {
            throw new TableException($"'{path}' is not an .npy file.");
        }

        int length = prefix == 10 ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]) : BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        if (length < 0 || length > bytes.Length - prefix)
        {
            throw new TableException($"'{path}' is cut short within its header.");
        }

        string header = Encoding.ASCII.GetString(bytes.Slice(prefix, length));
        Match type = NpyType().Match(header), shape = NpyShape().Match(header);
        if (!type.Success || !shape.Success || !int.TryParse(shape.Groups[1].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int count))
        {
            throw new TableException($"'{path}' is no .npy file of ids: one dimension of integers (u1, i4, i8, …; little endian) is needed, its header is {header.Trim()}");
        }

        int size = type.Groups[2].Value[0] - '0';
        ReadOnlySpan<byte> data = bytes[(prefix + length)..];
        if (data.Length != (long)count * size)
        {
            throw new TableException($"'{path}' has {data.Length:N0} bytes of data where its header says {count:N0} numbers of {size}.");
        }

        bool signed = type.Groups[1].Value == "i";
        long[] numbers = new long[count];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> at = data.Slice(i * size, size);
            numbers[i] = (size, signed) switch
            {
                (1, true) => (sbyte)at[0],
                (1, false) => at[0],
                (2, true) => BinaryPrimitives.ReadInt16LittleEndian(at),
                (2, false) => BinaryPrimitives.ReadUInt16LittleEndian(at),
                (4, true) => BinaryPrimitives.ReadInt32LittleEndian(at),
                (4, false) => BinaryPrimitives.ReadUInt32LittleEndian(at),
                (_, true) => BinaryPrimitives.ReadInt64LittleEndian(at),
                _ when BinaryPrimitives.ReadInt64LittleEndian(at) is >= 0 and var value => value,
                _ => throw new TableException($"'{path}': id {i} is {BinaryPrimitives.ReadUInt64LittleEndian(at)}; ids are whole numbers of 64 bits with a sign."),
            };
        }

        return numbers;
    }

    [GeneratedRegex("'descr':\\s*'[<|]([iu])([1248])'", RegexOptions.CultureInvariant)]
    private static partial Regex NpyType();

    [GeneratedRegex("'shape':\\s*\\(\\s*([0-9]+)\\s*,\\s*\\)", RegexOptions.CultureInvariant)]
    private static partial Regex NpyShape();
}
