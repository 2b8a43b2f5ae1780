using System.Runtime.InteropServices;
using Trident.Protocol.Tables;

namespace Trident.Collections.Files;

/// <summary>The numbers in a record.</summary>
internal static class VectorValues
{
    /// <summary>Reads a record's elements; all kinds fit a double exactly.</summary>
    /// <param name="kind">What they are.</param>
    /// <param name="record">d elements, little endian.</param>
    /// <param name="values">Receives d numbers.</param>
    public static void Read(ElementKind kind, ReadOnlySpan<byte> record, Span<double> values)
    {
        switch (kind)
        {
            case ElementKind.U8:
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = record[i];
                }

                break;
            case ElementKind.I4:
                Widen(MemoryMarshal.Cast<byte, int>(record), values);
                break;
            case ElementKind.F4:
                Widen(MemoryMarshal.Cast<byte, float>(record), values);
                break;
            case ElementKind.F8:
                MemoryMarshal.Cast<byte, double>(record).CopyTo(values);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "A vector's elements are u8, i4, f4 or f8.");
        }
    }

    private static void Widen<T>(ReadOnlySpan<T> from, Span<double> to)
        where T : System.Numerics.INumberBase<T>
    {
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = double.CreateTruncating(from[i]);
        }
    }
}
