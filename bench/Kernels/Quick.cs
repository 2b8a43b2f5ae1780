using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Trident.Protocol.Field;
using Trident.Protocol.Selection;
using Trident.Protocol.Sharing;

namespace Trident.Bench.Kernels;

/// <summary>
/// One table of all kernels in about half a minute, on one thread. Reading is measured right before and after each product, because
/// other tenants of a machine change its bandwidth from minute to minute; the ratio is against the faster of the two.
/// </summary>
internal static unsafe class Quick
{
    private const nuint TableBytes = 512u * 1024 * 1024;
    private const int Runs = 7;
    private static ulong sink;

    internal static void Run()
    {
        Console.WriteLine($"512-bit vectors {(Vector512.IsHardwareAccelerated ? "yes" : "no")}, {RuntimeInformation.FrameworkDescription}, one thread, medians of {Runs}");
        uint* table = (uint*)NativeMemory.AlignedAlloc(TableBytes, 4096);
        try
        {
            Mersenne31.Fill(new Span<uint>(table, (int)(TableBytes / sizeof(uint))));
            Products(table);
        }
        finally
        {
            NativeMemory.AlignedFree(table);
        }

        Keys();
        Stock();
    }

    private static void Products(uint* table)
    {
        Console.WriteLine();
        Console.WriteLine("product over 512 MiB     width  count     ms   GB/s   read GB/s   of read");
        foreach (int width in new[] { 35, 128, 10_000, 60_000, 1_000_000 })
        {
            foreach (int count in new[] { 1, 8 })
            {
                int rows = (int)(TableBytes / sizeof(uint)) / width;
                uint[] vectors = new uint[count * rows], result = new uint[count * width];
                Mersenne31.Fill(vectors);
                int words = rows * width;
                double before = Seconds(() => sink += Reading.Sum(new ReadOnlySpan<uint>(table, words)));
                double product = Seconds(() =>
                    ProductKernel.Multiply(vectors, count, new ReadOnlySpan<uint>(table, words), rows, width, result));
                double after = Seconds(() => sink += Reading.Sum(new ReadOnlySpan<uint>(table, words)));
                double gigabytes = words * 4.0 / 1e9;
                double reading = Math.Min(before, after);
                Line($"{string.Empty,20} {width,9} {count,6} {product * 1e3,6:F1} {gigabytes / product,6:F1} {gigabytes / reading,11:F1} {reading / product,9:P0}");
            }
        }
    }

    private static void Keys()
    {
        const int Rows = 1 << 20;
        uint[] shares = new uint[Rows];
        SelectorKey[] keys = SelectorKey.Generate(Rows, 12_345);
        double seconds = Seconds(() => keys[1].Evaluate(shares));

        // A leaf is 128 bits, four rows, and a key holds two functions.
        double leaves = 2.0 * Rows / 4;
        Console.WriteLine();
        Line($"key evaluation, 2^20 rows: {seconds * 1e3:F2} ms, {leaves / seconds / 1e6:F0} million 128-bit leaves/s (both functions)");
        foreach (SelectorKey key in keys)
        {
            key.Dispose();
        }
    }

    private static void Stock()
    {
        using Prss prss = new(new PairKeys(1, new byte[PairKeys.KeyBytes], new byte[PairKeys.KeyBytes]));
        using PrssStream stream = prss.Open(PrssPurpose.Mask, new byte[Prss.DomainBytes]);
        uint[] share = new uint[10_000];
        double seconds = Seconds(() =>
        {
            for (int item = 0; item < 100; item++)
            {
                stream.Degree1(item, share);
            }
        });
        Line($"PRSS degree-1 shares, 10,000 words: {seconds * 1e4:F1} us");
    }

    // Median of several runs, after half a second of them: methods are compiled for speed only once they have run for a while.
    private static double Seconds(Action action)
    {
        long warm = Stopwatch.GetTimestamp();
        do
        {
            action();
        }
        while (Stopwatch.GetElapsedTime(warm).TotalSeconds < 0.5);

        double[] times = new double[Runs];
        for (int i = 0; i < Runs; i++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            times[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        Array.Sort(times);
        return times[Runs / 2];
    }

    private static void Line(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
