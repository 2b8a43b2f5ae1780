using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Trident.Collections.Neighbours;

/// <summary>Sums over pairs of rows, the innermost loops of the search for neighbours.</summary>
internal static class PairKernel
{
    /// <summary>Lengths of rows are multiples of this; what is added is zero.</summary>
    public const int Padding = 16;

    /// <summary>The most elements of u8 whose products' sum fits 32 bits.</summary>
    public const int MaxBytes = int.MaxValue / (255 * 255);

    /// <summary>Inner products of two by four rows of u8 held as 16 bits; exact.</summary>
    /// <param name="x">Two rows, one after the other.</param>
    /// <param name="y">Four rows.</param>
    /// <param name="length">Elements of a row, a multiple of <see cref="Padding"/>.</param>
    /// <param name="sums">Receives eight: first row's four, second row's four.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dots(ref short x, ref short y, int length, Span<int> sums)
    {
        Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
        ref short x1 = ref Unsafe.Add(ref x, length);
        ref short y1 = ref Unsafe.Add(ref y, length);
        ref short y2 = ref Unsafe.Add(ref y1, length);
        ref short y3 = ref Unsafe.Add(ref y2, length);
        for (nuint i = 0; i < (nuint)length; i += Padding)
        {
            Vector256<short> p = Vector256.LoadUnsafe(ref x, i), q = Vector256.LoadUnsafe(ref x1, i);
            Vector256<short> r = Vector256.LoadUnsafe(ref y, i);
            a0 += Products(p, r);
            b0 += Products(q, r);
            r = Vector256.LoadUnsafe(ref y1, i);
            a1 += Products(p, r);
            b1 += Products(q, r);
            r = Vector256.LoadUnsafe(ref y2, i);
            a2 += Products(p, r);
            b2 += Products(q, r);
            r = Vector256.LoadUnsafe(ref y3, i);
            a3 += Products(p, r);
            b3 += Products(q, r);
        }

        sums[0] = Vector256.Sum(a0);
        sums[1] = Vector256.Sum(a1);
        sums[2] = Vector256.Sum(a2);
        sums[3] = Vector256.Sum(a3);
        sums[4] = Vector256.Sum(b0);
        sums[5] = Vector256.Sum(b1);
        sums[6] = Vector256.Sum(b2);
        sums[7] = Vector256.Sum(b3);
    }

    /// <summary>Σ x·y in doubles, always added in the same order.</summary>
    public static double Dot(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        Vector256<double> a = default, b = default;
        ref double p = ref MemoryMarshal.GetReference(x), q = ref MemoryMarshal.GetReference(y);
        for (nuint i = 0; i < (nuint)x.Length; i += 8)
        {
            a += Vector256.LoadUnsafe(ref p, i) * Vector256.LoadUnsafe(ref q, i);
            b += Vector256.LoadUnsafe(ref p, i + 4) * Vector256.LoadUnsafe(ref q, i + 4);
        }

        return Vector256.Sum(a + b);
    }

    /// <summary>Σ (x − y)² in doubles, always added in the same order: equal rows are at equal distances from any other.</summary>
    public static double Distance(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        Vector256<double> a = default, b = default;
        ref double p = ref MemoryMarshal.GetReference(x), q = ref MemoryMarshal.GetReference(y);
        for (nuint i = 0; i < (nuint)x.Length; i += 8)
        {
            Vector256<double> c = Vector256.LoadUnsafe(ref p, i) - Vector256.LoadUnsafe(ref q, i);
            Vector256<double> d = Vector256.LoadUnsafe(ref p, i + 4) - Vector256.LoadUnsafe(ref q, i + 4);
            a += c * c;
            b += d * d;
        }

        return Vector256.Sum(a + b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Products(Vector256<short> x, Vector256<short> y)
    {
        if (Avx2.IsSupported)
        {
            return Avx2.MultiplyAddAdjacent(x, y);
        }

        (Vector256<int> xl, Vector256<int> xh) = Vector256.Widen(x);
        (Vector256<int> yl, Vector256<int> yh) = Vector256.Widen(y);
        return xl * yl + xh * yh;
    }
}
