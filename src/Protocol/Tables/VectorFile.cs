using System.Text.RegularExpressions;

namespace Trident.Protocol.Tables;

/// <summary>
/// Opens files of vectors: .fvecs, .bvecs and .ivecs (texmex), .npy (NumPy: u1, i4, f4, f8, C and Fortran order) and idx
/// (.idx, or names as those of MNIST: ...-idx3-ubyte), each also compressed as .gz, except npy in Fortran order.
/// </summary>
public static partial class VectorFile
{
    /// <summary>
    /// Opens a file and reads it through once, in memory that does not depend on its size, so that what is wrong with it is known
    /// before anything is made from it. An .fvecs file whose every value is an integer 0 to 255 yields u8 records.
    /// </summary>
    /// <param name="path">The file; its name says its format.</param>
    /// <exception cref="TableException">
    /// With a message of its own each: absent, empty, unknown format, truncated, too long, differing dimensions, NaN (each naming
    /// the record), unsupported element type or array shape, more records or elements than a table can have.
    /// </exception>
    public static IVectorSource Open(string path)
    {
        Elements.RequireLittleEndian();
        string name = Path.GetFileName(path).ToLowerInvariant();
        if (VectorStream.IsCompressed(name))
        {
            name = name[..^3];
        }

        ElementKind? texmex = Path.GetExtension(name) switch
        {
            ".fvecs" => ElementKind.F4,
            ".bvecs" => ElementKind.U8,
            ".ivecs" => ElementKind.I4,
            _ => null,
        };
        bool npy = name.EndsWith(".npy", StringComparison.Ordinal);
        if (texmex is null && !npy && !IdxName().IsMatch(name))
        {
            throw new TableException(
                $"'{path}' has a name of no known format; known are .fvecs, .bvecs, .ivecs, .npy, .idx and ...-idx3-ubyte, each also as .gz.");
        }

        var stream = new VectorStream(path);
        try
        {
            return texmex is { } kind
                ? new TexmexVectors(stream, kind)
                : OpenArray(stream, npy ? NpyHeader.Read(stream) : IdxHeader.Read(stream));
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Refuses a buffer that is not of a record's size: a mistake of the caller, not of the file.</summary>
    internal static void CheckRecord(ReadOnlySpan<byte> record, RecordShape shape)
    {
        if (record.Length != shape.Bytes)
        {
            throw new ArgumentException($"A record of {shape} has {shape.Bytes} bytes, not {record.Length}.", nameof(record));
        }
    }

    private static IVectorSource OpenArray(VectorStream stream, ArrayLayout layout)
    {
        IVectorSource source;
        if (!layout.ColumnMajor)
        {
            source = new DenseVectors(stream, layout);
        }
        else if (stream.Compressed)
        {
            throw new TableException($"'{stream.Path}' is in Fortran order, which cannot be read from a compressed file. Decompress it.");
        }
        else
        {
            source = new ColumnVectors(stream.Path, layout);
            stream.Dispose();
        }

        try
        {
            byte[] record = new byte[layout.Shape.Bytes];
            while (source.Next(record))
            {
                // Next refuses what is wrong with a record.
            }

            (source as DenseVectors)?.CheckEnd();
            source.Reset();
            return source;
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    [GeneratedRegex("idx[0-9]|\\.idx$|ubyte$", RegexOptions.CultureInvariant)]
    private static partial Regex IdxName();
}
