using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Trident.Protocol.Tables;

namespace Trident.Protocol.Tests.Tables;

/// <summary>A directory of its own for one test, removed afterwards.</summary>
internal sealed class Scratch : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("trident-tables-").FullName;

    public DeploymentLayout Layout => new(Path.Combine(Root, "deployment"));

    public string File(string name) => Path.Combine(Root, name);

    public string Write(string name, byte[] bytes)
    {
        System.IO.File.WriteAllBytes(File(name), bytes);
        return File(name);
    }

    /// <summary>Every file of the deployment, relative, with its contents' hash: to see that nothing changed.</summary>
    public string[] Snapshot() => Directory.Exists(Layout.Directory)
        ? [.. Directory.EnumerateFileSystemEntries(Layout.Directory, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path) + (System.IO.File.Exists(path)
                ? " " + Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(System.IO.File.ReadAllBytes(path)))
                : "/"))
            .Order(StringComparer.Ordinal)]
        : [];

    public void Dispose() => Directory.Delete(Root, recursive: true);
}

/// <summary>Records in memory; can be made to fail at one of them.</summary>
internal sealed class MemoryVectors(RecordShape shape, byte[][] records, int failAt = -1) : IVectorSource
{
    private int _next;

    public int Rows => records.Length;

    public RecordShape Shape => shape;

    public bool Next(Span<byte> record)
    {
        if (_next == failAt)
        {
            throw new TableException($"record {_next} fails, as the test wants");
        }

        if (_next == records.Length)
        {
            return false;
        }

        records[_next++].CopyTo(record);
        return true;
    }

    public void Reset() => _next = 0;

    public void Dispose()
    {
    }

    public static MemoryVectors Random(Random random, RecordShape shape, int rows, int failAt = -1) =>
        new(shape, RandomRecords(random, shape, rows), failAt);

    public static byte[][] RandomRecords(Random random, RecordShape shape, int rows)
    {
        var records = new byte[rows][];
        for (int i = 0; i < rows; i++)
        {
            records[i] = new byte[shape.Bytes];
            random.NextBytes(records[i]);
        }

        return records;
    }
}

/// <summary>Writers of each format, independent of the readers under test.</summary>
internal static class Formats
{
    public static byte[] Texmex(IEnumerable<byte[]> records, int elementBytes)
    {
        using var stream = new MemoryStream();
        foreach (byte[] record in records)
        {
            stream.Write(BitConverter.GetBytes(record.Length / elementBytes));
            stream.Write(record);
        }

        return stream.ToArray();
    }

    public static byte[] Fvecs(params float[][] records) => Texmex(records.Select(Bytes), 4);

    public static byte[] Bytes(float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    public static byte[] Npy(string descr, bool fortran, string shape, byte[] data, int major = 1)
    {
        string header = $"{{'descr': '{descr}', 'fortran_order': {(fortran ? "True" : "False")}, 'shape': ({shape}), }}";
        int prefix = major == 1 ? 10 : 12;
        header = header.PadRight((prefix + header.Length + 1 + 63) / 64 * 64 - prefix - 1) + "\n";
        byte[] length = major == 1 ? BitConverter.GetBytes((ushort)header.Length) : BitConverter.GetBytes(header.Length);
        return [0x93, .. "NUMPY"u8, (byte)major, 0, .. length, .. Encoding.ASCII.GetBytes(header), .. data];
    }

    public static byte[] Concat(byte[][] records) => [.. records.SelectMany(r => r)];

    /// <summary>Element 0 of all records, then element 1 of all records, and so on.</summary>
    public static byte[] Columns(byte[][] records, int elementBytes)
    {
        using var stream = new MemoryStream();
        for (int at = 0; at < records[0].Length; at += elementBytes)
        {
            foreach (byte[] record in records)
            {
                stream.Write(record, at, elementBytes);
            }
        }

        return stream.ToArray();
    }

    public static byte[] Swap(byte[] bytes, int elementBytes) =>
        [.. bytes.Chunk(elementBytes).SelectMany(element => element.Reverse())];

    public static byte[] Idx(byte type, int[] sizes, byte[] bigEndianData)
    {
        using var stream = new MemoryStream();
        stream.Write([0, 0, type, (byte)sizes.Length]);
        byte[] number = new byte[4];
        foreach (int size in sizes)
        {
            BinaryPrimitives.WriteInt32BigEndian(number, size);
            stream.Write(number);
        }

        stream.Write(bigEndianData);
        return stream.ToArray();
    }

    public static byte[] Gzip(byte[] bytes)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return stream.ToArray();
    }

    public static byte[][] ReadAll(IVectorSource source)
    {
        var records = new List<byte[]>();
        byte[] record = new byte[source.Shape.Bytes];
        while (source.Next(record))
        {
            records.Add([.. record]);
        }

        return [.. records];
    }

    /// <summary>Random records of a kind without NaN: small integers, some negative, never all of them bytes.</summary>
    public static byte[][] Numbers(Random random, ElementKind kind, int dimension, int rows) =>
        [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, dimension).SelectMany(_ => kind switch
        {
            ElementKind.U8 => [(byte)random.Next(256)],
            ElementKind.I4 => BitConverter.GetBytes(random.Next(int.MinValue, int.MaxValue)),
            ElementKind.F4 => BitConverter.GetBytes((float)(random.NextDouble() * 1000 - 500)),
            _ => BitConverter.GetBytes(random.NextDouble() * 1000 - 500),
        }).ToArray())];
}
