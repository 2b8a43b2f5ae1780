using System.Runtime.InteropServices;

namespace Trident.Protocol.Tables;

/// <summary>What is done to the elements of a record between its file and its table.</summary>
internal static class Elements
{
    /// <summary>Records and share files are read in place as little endian numbers.</summary>
    /// <exception cref="PlatformNotSupportedException">On a big endian machine.</exception>
    public static void RequireLittleEndian()
    {
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("Tables are read and written in place and need a little endian machine.");
        }
    }

    /// <summary>Turns the bytes of every element around.</summary>
    public static void Reverse(Span<byte> record, int elementBytes)
    {
        for (int at = 0; at < record.Length; at += elementBytes)
        {
            record.Slice(at, elementBytes).Reverse();
        }
    }

    /// <summary>Refuses a record that has a NaN: no distance to it exists, and it compares unequal to itself.</summary>
    /// <exception cref="TableException">Element so-and-so is not a number.</exception>
    public static void RefuseNaN(ReadOnlySpan<byte> record, ElementKind kind, string path, long row)
    {
        int at = kind switch
        {
            ElementKind.F4 => FirstNaN(MemoryMarshal.Cast<byte, float>(record)),
            ElementKind.F8 => FirstNaN(MemoryMarshal.Cast<byte, double>(record)),
            _ => -1,
        };
        if (at >= 0)
        {
            throw new TableException($"'{path}': record {row} has NaN as its element {at}. Remove the record or repair it.");
        }
    }

    /// <summary>Turns singles that are integers 0 to 255 into bytes.</summary>
    /// <returns>False when a value is anything else, negative zero included: then <paramref name="bytes"/> is meaningless.</returns>
    public static bool TryNarrow(ReadOnlySpan<byte> singles, Span<byte> bytes)
    {
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(singles);
        bool all = true;
        for (int i = 0; i < values.Length; i++)
        {
            // Comparing bits rather than values keeps -0 from becoming 0: what comes back is what was given.
            byte narrow = (byte)values[i];
            bytes[i] = narrow;
            all &= BitConverter.SingleToUInt32Bits(narrow) == BitConverter.SingleToUInt32Bits(values[i]);
        }

        return all;
    }

    private static int FirstNaN<T>(ReadOnlySpan<T> values)
        where T : System.Numerics.INumberBase<T>
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (T.IsNaN(values[i]))
            {
                return i;
            }
        }

        return -1;
    }
}
