using System.Buffers.Binary;

namespace Trident.Protocol.Tables;

/// <summary>
/// The header of an idx file, the format of MNIST: two zero bytes, the element type, the number of dimensions, then each
/// dimension as a big endian uint32. The first dimension counts the records; the others together make one record.
/// </summary>
internal static class IdxHeader
{
    /// <summary>Reads the header from the start of the file.</summary>
    /// <exception cref="TableException">Not an idx file, cut short, or an array that cannot be a table.</exception>
    public static ArrayLayout Read(VectorStream stream)
    {
        string path = stream.Path;
        Span<byte> number = stackalloc byte[4];
        Fill(stream, number);
        if (number[0] != 0 || number[1] != 0)
        {
            throw new TableException($"'{path}' is not an idx file: it does not begin with two zero bytes.");
        }

        int type = number[2], dimensions = number[3];
        ElementKind kind = type switch
        {
            0x08 => ElementKind.U8,
            0x0C => ElementKind.I4,
            0x0D => ElementKind.F4,
            0x0E => ElementKind.F8,
            _ => throw new TableException(
                $"'{path}' holds elements of the idx type 0x{type:X2}, which is unsupported; supported are 08 (u8), 0C (i4), 0D (f4) and 0E (f8)."),
        };
        if (dimensions == 0)
        {
            throw new TableException($"'{path}' is an idx file of no dimensions; a table is made from one or more.");
        }

        ulong rows = 0, dimension = 1;
        for (int i = 0; i < dimensions; i++)
        {
            Fill(stream, number);
            uint size = BinaryPrimitives.ReadUInt32BigEndian(number);
            if (i == 0)
            {
                rows = size;
            }
            else
            {
                // Held at 2^32 so that many large dimensions cannot wrap around to a small product.
                dimension = Math.Min(dimension * size, 1UL << 32);
            }
        }

        return ArrayLayout.Of(path, 4 + 4 * dimensions, rows, dimension, kind, bigEndian: kind != ElementKind.U8, columnMajor: false);
    }

    private static void Fill(VectorStream stream, Span<byte> bytes)
    {
        if (stream.Read(bytes) < bytes.Length)
        {
            throw new TableException($"'{stream.Path}' is cut short within its idx header. Fetch or write the file again.");
        }
    }
}
