using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Trident.Bench.Kernels;

/// <summary>The yardstick of the product kernel: how fast one thread reads memory.</summary>
internal static class Reading
{
    /// <summary>Adds all words with eight independent vector sums, so that nothing but the reading takes time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static ulong Sum(ReadOnlySpan<uint> words)
    {
        ref uint p = ref MemoryMarshal.GetReference(words);
        nuint length = (nuint)words.Length, i = 0;
        Vector512<uint> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
        for (; i + 128 <= length; i += 128)
        {
            a += Vector512.LoadUnsafe(ref p, i);
            b += Vector512.LoadUnsafe(ref p, i + 16);
            c += Vector512.LoadUnsafe(ref p, i + 32);
            d += Vector512.LoadUnsafe(ref p, i + 48);
            e += Vector512.LoadUnsafe(ref p, i + 64);
            f += Vector512.LoadUnsafe(ref p, i + 80);
            g += Vector512.LoadUnsafe(ref p, i + 96);
            h += Vector512.LoadUnsafe(ref p, i + 112);
        }

        ulong sum = Vector512.Sum(a + b + c + d + e + f + g + h);
        for (; i < length; i++)
        {
            sum += Unsafe.Add(ref p, i);
        }

        return sum;
    }
}
