using System.Numerics;
using System.Runtime.InteropServices;

namespace Trident.Protocol.Tables;

/// <summary>The numbers of a vector's bytes.</summary>
public static class VectorNumbers
{
    /// <summary>Reads elements of any kind as doubles, which hold all of them exactly.</summary>
    /// <param name="element">What one element is.</param>
    /// <param name="vector">The vector's bytes, little endian.</param>
    /// <param name="numbers">Receives as many numbers as there are elements.</param>
    /// <exception cref="ArgumentOutOfRangeException">Vectors are not of such elements, or there are more or fewer of them than numbers.</exception>
    public static void Read(ElementKind element, ReadOnlySpan<byte> vector, Span<double> numbers)
    {
        switch (element)
        {
            case ElementKind.U8:
                Widen(vector, numbers);
                break;
            case ElementKind.I4:
                Widen(MemoryMarshal.Cast<byte, int>(vector), numbers);
                break;
            case ElementKind.F4:
                Widen(MemoryMarshal.Cast<byte, float>(vector), numbers);
                break;
            case ElementKind.F8:
                Widen(MemoryMarshal.Cast<byte, double>(vector), numbers);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(element), element, "A vector's elements are u8, i4, f4 or f8.");
        }
    }

    private static void Widen<T>(ReadOnlySpan<T> from, Span<double> to)
        where T : INumberBase<T>
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(from.Length, to.Length);
        for (int i = 0; i < from.Length; i++)
        {
            to[i] = double.CreateChecked(from[i]);
        }
    }
}
