using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Trident.Protocol.Field;

/// <summary>
/// Products of vectors with a matrix over the field, in one pass over the matrix for all vectors. This is where a query spends its
/// time on a large table, so the loop is built to be bound by memory and not by arithmetic.
/// </summary>
/// <remarks>
/// Result columns are kept as 64-bit sums in the first cache, one block of columns at a time, and four rows are added per visit.
/// Four products of elements and one folded sum fit 64 bits: 4·(p−1)² + 2^33 + 2^31 &lt; 2^64, so each visit folds once, at its end.
/// A block's last vector may reach past its row into the next one: those lanes hold elements too and are left out of the result.
/// Only the last rows of the matrix, where nothing follows, are done word by word. Time depends on shapes alone.
/// </remarks>
public static unsafe class ProductKernel
{
    // Vectors handled together: their sums share each loaded word of the matrix.
    private const int GroupVectors = 8;

    // Sums of one group are to fit the first cache beside the rows that stream through it.
    private const int GroupSumBytes = 24 * 1024;

    // Four rows of a block, asked for ahead of need, are to stay in the first cache until they are added.
    private const int BlockColumns = 768;

    // Where several groups need the same words, a piece of the matrix this large stays in the second cache between them.
    private const int PanelBytes = 256 * 1024;

    /// <summary>
    /// result[k·columns + c] = Σ over r of vectors[k·rows + r] · matrix[r·columns + c] mod p, for k below count.
    /// </summary>
    /// <param name="vectors">count vectors of rows words each, below p.</param>
    /// <param name="count">How many vectors, one or more.</param>
    /// <param name="matrix">Row-major, rows × columns words below p.</param>
    /// <param name="rows">Zero or more.</param>
    /// <param name="columns">One or more.</param>
    /// <param name="result">count × columns words, overwritten.</param>
    /// <exception cref="ArgumentException">A length does not match the shape.</exception>
    public static void Multiply(ReadOnlySpan<uint> vectors, int count, ReadOnlySpan<uint> matrix, int rows, int columns, Span<uint> result)
    {
        CheckShape(vectors.Length, count, matrix.Length, rows, columns, result.Length);
        result.Clear();
        MultiplyAdd(vectors, count, matrix, rows, columns, result, FieldVector.Widest);
    }

    /// <summary>As <see cref="Multiply"/>, but adds to what result holds (words below p): for matrices that come in blocks of rows.</summary>
    /// <exception cref="ArgumentException">A length does not match the shape.</exception>
    public static void MultiplyAdd(
        ReadOnlySpan<uint> vectors, int count, ReadOnlySpan<uint> matrix, int rows, int columns, Span<uint> result) =>
        MultiplyAdd(vectors, count, matrix, rows, columns, result, FieldVector.Widest);

    internal static void MultiplyAdd(
        ReadOnlySpan<uint> vectors, int count, ReadOnlySpan<uint> matrix, int rows, int columns, Span<uint> result, LaneWidth width)
    {
        CheckShape(vectors.Length, count, matrix.Length, rows, columns, result.Length);
        if (rows == 0)
        {
            return;
        }

        fixed (uint* v = vectors, m = matrix, r = result)
        {
            switch (width)
            {
                case LaneWidth.Bits512:
                    Run<Lanes512>(v, count, m, rows, columns, r);
                    break;
                case LaneWidth.Bits256:
                    Run<Lanes256>(v, count, m, rows, columns, r);
                    break;
                case LaneWidth.Bits128:
                    Run<Lanes128>(v, count, m, rows, columns, r);
                    break;
                default:
                    Run<Lanes64>(v, count, m, rows, columns, r);
                    break;
            }
        }
    }

    internal static void CheckShape(int vectors, int count, int matrix, int rows, int columns, int result)
    {
        if (rows < 0 || columns < 1 || count < 1)
        {
            throw new ArgumentException($"A product needs rows >= 0, columns >= 1 and count >= 1, not {rows}, {columns} and {count}.");
        }

        if (matrix != (long)rows * columns)
        {
            throw new ArgumentException($"A matrix of {rows} x {columns} has {(long)rows * columns} words; this one has {matrix}.");
        }

        if (vectors != (long)count * rows)
        {
            throw new ArgumentException($"{count} vectors of {rows} words are {(long)count * rows} words; these have {vectors}.");
        }

        if (result != (long)count * columns)
        {
            throw new ArgumentException($"{count} results of {columns} words are {(long)count * columns} words; there is room for {result}.");
        }
    }

    private static void Run<T>(uint* vectors, int count, uint* matrix, int rows, int columns, uint* result)
        where T : unmanaged, ILanes<T>
    {
        // Equal blocks of columns, each a whole number of vectors but for the last one's tail.
        int group = Math.Min(count, GroupVectors);
        int most = Math.Min(BlockColumns, GroupSumBytes / sizeof(ulong) / group / T.Words * T.Words);
        int blocks = (columns + most - 1) / most;
        int width = ((columns + blocks - 1) / blocks + T.Words - 1) / T.Words * T.Words;
        int panel = count <= GroupVectors ? rows : Math.Max(4, PanelBytes / sizeof(uint) / Math.Min(width, columns) & ~3);
        nuint sumBytes = (nuint)count * (nuint)width * sizeof(ulong);
        ulong* sums = (ulong*)NativeMemory.AlignedAlloc(sumBytes, 64);
        uint* words = (uint*)NativeMemory.AlignedAlloc((nuint)width * sizeof(uint), 64);
        try
        {
            for (int from = 0; from < columns; from += width)
            {
                int used = Math.Min(width, columns - from);
                Block<T>(vectors, count, matrix, rows, columns, from, used, width, panel, sums);
                for (int k = 0; k < count; k++)
                {
                    Finish<T>(sums + (nint)k * width, used, words);
                    Span<uint> target = new(result + (nint)k * columns + from, used);
                    FieldVector.Add(target, new ReadOnlySpan<uint>(words, used), target);
                }
            }
        }
        finally
        {
            NativeMemory.Clear(sums, sumBytes);
            CryptographicOperations.ZeroMemory(new Span<byte>(words, width * sizeof(uint)));
            NativeMemory.AlignedFree(sums);
            NativeMemory.AlignedFree(words);
        }
    }

    private static void Block<T>(
        uint* vectors, int count, uint* matrix, int rows, int columns, int from, int used, int width, int panel, ulong* sums)
        where T : unmanaged, ILanes<T>
    {
        NativeMemory.Clear(sums, (nuint)count * (nuint)width * sizeof(ulong));
        int visits = (used + T.Words - 1) / T.Words;

        // Rows from which a whole last vector can be read without leaving the matrix.
        long over = from + (long)visits * T.Words - columns;
        int inside = over <= 0 ? rows : (int)Math.Max(0, rows - (over + columns - 1) / columns);
        for (int row = 0; row < inside; row += panel)
        {
            int height = Math.Min(panel, inside - row);
            uint* top = matrix + (nint)row * columns + from;
            for (int k = 0; k < count; k += GroupVectors)
            {
                uint* e = vectors + (nint)k * rows + row;
                ulong* target = sums + (nint)k * width;
                int group = Math.Min(GroupVectors, count - k);
                if (group == 1)
                {
                    ProductLoops.One<T>(e, top, height, columns, visits, target);
                }
                else
                {
                    ProductLoops.Several<T>(e, group, rows, top, height, columns, visits, target, width);
                }
            }
        }

        for (int row = inside; row < rows; row++)
        {
            for (int k = 0; k < count; k++)
            {
                ProductLoops.Word<T>(vectors[(nint)k * rows + row], matrix + (nint)row * columns + from, used, sums + (nint)k * width);
            }
        }
    }

    // Brings one vector's sums down to words below p.
    private static void Finish<T>(ulong* sums, int used, uint* words)
        where T : unmanaged, ILanes<T>
    {
        for (int c = 0; c < used; c += T.Words)
        {
            T even = T.Load(sums + c);
            T odd = T.Load(sums + c + T.Words / 2);
            T.Store(T.Canonical(T.Fold(T.Fold(even)), T.Fold(T.Fold(odd))), words + c);
        }
    }
}
