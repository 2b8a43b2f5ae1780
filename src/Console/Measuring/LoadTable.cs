using System.Globalization;
using Spectre.Console;

namespace Trident.Console.Measuring;

/// <summary>Results of runs as a table for people.</summary>
internal static class LoadTable
{
    /// <summary>Writes one line per run, and below it why queries failed or what was not checked.</summary>
    public static void Write(CommandContext context, IReadOnlyList<LoadResult> results, bool compared)
    {
        Table table = new Table().Border(TableBorder.Rounded);
        table.AddColumns("concurrency", "right", "wrong", "failed", "right/s", "mean ms", "p50 ms", "p95 ms", "p99 ms", "bytes to each peer");
        foreach (TableColumn column in table.Columns)
        {
            column.RightAligned();
        }

        foreach (LoadResult r in results)
        {
            table.AddRow(
                Whole(r.Concurrency), Whole(r.Right), Whole(r.Wrong), Whole(r.Failed), Decimal(r.Throughput), Decimal(r.Latency.Mean),
                Decimal(r.Latency.P50), Decimal(r.Latency.P95), Decimal(r.Latency.P99), Whole((long)Math.Round(r.BytesToPeerPerQuery)));
        }

        context.Results.Write(table);
        if (!compared)
        {
            context.Out.WriteLine("answers were not compared with the plaintext (--verify FILE does)");
        }

        WriteRemarks(context, results);
    }

    /// <summary>Writes what a table does not show: answers of two parties only, and why queries failed.</summary>
    public static void WriteRemarks(CommandContext context, IReadOnlyList<LoadResult> results)
    {
        foreach (LoadResult r in results.Where(r => r.Unverified > 0))
        {
            context.Out.WriteLine($"concurrency {r.Concurrency}: {Whole(r.Unverified)} answers came from two parties only and were not verified by the third");
        }

        foreach (LoadResult r in results.Where(r => r.FirstFailure is not null))
        {
            context.Error.WriteLine($"trident: concurrency {r.Concurrency}: first failure: {r.FirstFailure}");
        }
    }

    /// <summary>A count, with separators.</summary>
    public static string Whole(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A measured figure, to two decimals.</summary>
    public static string Decimal(double value) => value.ToString("N2", CultureInfo.InvariantCulture);
}
