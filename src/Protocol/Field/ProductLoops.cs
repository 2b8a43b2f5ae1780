using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Trident.Protocol.Field;

/// <summary>
/// The inner loops of <see cref="ProductKernel"/>. Sums lie as the vectors produce them: for each vector of words, the sums of its
/// even words and then those of its odd words. They are folded, so below 2^33 + 2^31, between calls.
/// </summary>
internal static unsafe class ProductLoops
{
    // How far ahead of the rows being added the next ones are asked for. Four interleaved rows are not the plain stream that the
    // processor's own prefetching follows well; asking gains a fifth to a third on matrices larger than the caches.
    private const int AheadBytes = 6 * 1024;

    /// <summary>Adds height rows for one vector. e: its words for these rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void One<T>(uint* e, uint* matrix, int height, int columns, int visits, ulong* sums)
        where T : unmanaged, ILanes<T>
    {
        int r = 0;
        nint ahead = Ahead(columns);
        for (; r <= height - 4; r += 4)
        {
            T e0 = T.Broadcast(e[r]), e1 = T.Broadcast(e[r + 1]), e2 = T.Broadcast(e[r + 2]), e3 = T.Broadcast(e[r + 3]);
            uint* row = matrix + (nint)r * columns;
            ulong* sum = sums;
            for (int i = 0; i < visits; i++, row += T.Words, sum += T.Words)
            {
                Prefetch(row + ahead, columns);
                T m0 = T.Load(row), m1 = T.Load(row + columns);
                T m2 = T.Load(row + 2 * (nint)columns), m3 = T.Load(row + 3 * (nint)columns);
                T even = T.AddLanes(T.AddLanes(T.Multiply(m0, e0), T.Multiply(m1, e1)), T.AddLanes(T.Multiply(m2, e2), T.Multiply(m3, e3)));
                m0 = T.High(m0);
                m1 = T.High(m1);
                m2 = T.High(m2);
                m3 = T.High(m3);
                T odd = T.AddLanes(T.AddLanes(T.Multiply(m0, e0), T.Multiply(m1, e1)), T.AddLanes(T.Multiply(m2, e2), T.Multiply(m3, e3)));
                T.Store(T.Fold(T.AddLanes(even, T.Load(sum))), sum);
                T.Store(T.Fold(T.AddLanes(odd, T.Load(sum + T.Words / 2))), sum + T.Words / 2);
            }
        }

        for (; r < height; r++)
        {
            Row(T.Broadcast(e[r]), matrix + (nint)r * columns, visits, sums);
        }
    }

    /// <summary>Adds height rows for several vectors. vectorStride, sumStride: distances between two vectors' words and sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Several<T>(
        uint* e, int count, int vectorStride, uint* matrix, int height, int columns, int visits, ulong* sums, int sumStride)
        where T : unmanaged, ILanes<T>
    {
        int r = 0;
        nint ahead = Ahead(columns);
        for (; r <= height - 4; r += 4)
        {
            uint* row = matrix + (nint)r * columns;
            ulong* first = sums;
            for (int i = 0; i < visits; i++, row += T.Words, first += T.Words)
            {
                Prefetch(row + ahead, columns);
                T m0 = T.Load(row), m1 = T.Load(row + columns);
                T m2 = T.Load(row + 2 * (nint)columns), m3 = T.Load(row + 3 * (nint)columns);
                T h0 = T.High(m0), h1 = T.High(m1), h2 = T.High(m2), h3 = T.High(m3);
                uint* word = e + r;
                ulong* sum = first;
                for (int k = 0; k < count; k++, word += vectorStride, sum += sumStride)
                {
                    T e0 = T.Broadcast(word[0]), e1 = T.Broadcast(word[1]), e2 = T.Broadcast(word[2]), e3 = T.Broadcast(word[3]);
                    T even = T.AddLanes(
                        T.AddLanes(T.Multiply(m0, e0), T.Multiply(m1, e1)), T.AddLanes(T.Multiply(m2, e2), T.Multiply(m3, e3)));
                    T odd = T.AddLanes(
                        T.AddLanes(T.Multiply(h0, e0), T.Multiply(h1, e1)), T.AddLanes(T.Multiply(h2, e2), T.Multiply(h3, e3)));
                    T.Store(T.Fold(T.AddLanes(even, T.Load(sum))), sum);
                    T.Store(T.Fold(T.AddLanes(odd, T.Load(sum + T.Words / 2))), sum + T.Words / 2);
                }
            }
        }

        for (; r < height; r++)
        {
            for (int k = 0; k < count; k++)
            {
                Row(T.Broadcast(e[(nint)k * vectorStride + r]), matrix + (nint)r * columns, visits, sums + (nint)k * sumStride);
            }
        }
    }

    /// <summary>Adds the last rows' words one at a time, where a whole vector would reach past the matrix.</summary>
    internal static void Word<T>(uint e, uint* row, int used, ulong* sums)
        where T : unmanaged, ILanes<T>
    {
        for (int c = 0; c < used; c++)
        {
            int lane = c % T.Words;
            ulong* sum = sums + (c - lane + (lane & 1) * (T.Words / 2) + lane / 2);
            *sum = Mersenne31.Fold(*sum + (ulong)e * row[c]);
        }
    }

    // The same columns of a later group of four rows: the next group where a row is long, several groups on where it is short.
    private static nint Ahead(int columns) => Math.Max(1, AheadBytes / sizeof(uint) / 4 / columns) * 4 * (nint)columns;

    // A prefetch never faults, so past the matrix's end it merely does nothing.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(uint* row, nint columns)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(row);
            Sse.Prefetch0(row + columns);
            Sse.Prefetch0(row + 2 * columns);
            Sse.Prefetch0(row + 3 * columns);
        }
    }

    private static void Row<T>(T e, uint* row, int visits, ulong* sums)
        where T : unmanaged, ILanes<T>
    {
        for (int i = 0; i < visits; i++, row += T.Words, sums += T.Words)
        {
            T m = T.Load(row);
            T.Store(T.Fold(T.AddLanes(T.Load(sums), T.Multiply(m, e))), sums);
            T.Store(T.Fold(T.AddLanes(T.Load(sums + T.Words / 2), T.Multiply(T.High(m), e))), sums + T.Words / 2);
        }
    }
}
