using System.Globalization;
using Spectre.Console;
using static Trident.Console.Measuring.LoadTable;

namespace Trident.Console.Measuring;

/// <summary>The levels of one combination as a table for people, and the comparison of several.</summary>
internal static class LevelTable
{
    private const string Nothing = "-";

    private static readonly string[] Headings =
    [
        "conc.", "success\n%", "correct\n%", "right/s", "scaling\n×", "original\nexpected", "mean\nms", "p50\nms", "p95\nms", "p99\nms",
        "overlap", "bytes to\na peer", "keys\nms", "masking\nms", "exchange\nms", "reconstr.\nms",
    ];

    /// <summary>Writes one line per level. Scaling is against level 1, and unknown where that was not measured.</summary>
    public static void Write(CommandContext context, string title, IReadOnlyList<LoadResult> results)
    {
        string[][] rows = [.. Rows(results)];
        foreach (int[] columns in Blocks(rows, context.Results.Profile.Width))
        {
            Table table = NewTable(title, [.. columns.Select(c => Headings[c])]);
            foreach (string[] cells in rows)
            {
                table.AddRow([.. columns.Select(c => cells[c])]);
            }

            context.Results.Write(table);
        }

        WriteRemarks(context, results);
    }

    /// <summary>
    /// Which columns stand beside each other in a terminal of some width: all of them in a wide one, and otherwise several tables below
    /// one another, each with the concurrency in front. A table that is too wide would lose its digits.
    /// </summary>
    public static List<int[]> Blocks(IReadOnlyList<string[]> rows, int width)
    {
        int[] widths = [.. Headings.Select((heading, c) => heading.Split('\n').Concat(rows.Select(r => r[c])).Max(text => text.Length) + 1)];
        List<int[]> blocks = [];
        List<int> block = [0];
        foreach (int column in Enumerable.Range(1, Headings.Length - 1))
        {
            if (block.Count > 1 && 1 + block.Append(column).Sum(c => widths[c]) > width)
            {
                blocks.Add([.. block]);
                block = [0];
            }

            block.Add(column);
        }

        blocks.Add([.. block]);
        return blocks;
    }

    /// <summary>The cells of <see cref="Write"/>.</summary>
    public static IEnumerable<string[]> Rows(IReadOnlyList<LoadResult> results)
    {
        double one = results.FirstOrDefault(r => r.Concurrency == 1)?.Throughput ?? 0;
        return results.Select(r => (string[])
        [
            Whole(r.Concurrency), Percent(r.SuccessPercent), Percent(r.CorrectPercent), Decimal(r.Throughput),
            one > 0 ? Decimal(r.Throughput / one) : Nothing,
            Original.Factor(r.Concurrency) is { } factor ? factor.ToString("0.0", CultureInfo.InvariantCulture) : Nothing,
            Decimal(r.Latency.Mean), Decimal(r.Latency.P50), Decimal(r.Latency.P95), Decimal(r.Latency.P99), Decimal(r.Overlap),
            Whole((long)Math.Round(r.BytesToPeerPerQuery)), Decimal(r.Phases.KeyEvaluation), Decimal(r.Phases.Masking),
            Decimal(r.Phases.Exchange), Decimal(r.Phases.Reconstruction),
        ]);
    }

    /// <summary>Writes how the combinations stand at one level, the fastest first; those that were not measured there last.</summary>
    public static void Compare(CommandContext context, int level, IReadOnlyList<(Combination Combination, LoadResult? Result)> outcomes)
    {
        Table table = NewTable(
            FormattableString.Invariant($"At concurrency {level}"), "transport", "product", "right/s", "p95\nms", "overlap", "wrong", "failed");
        foreach ((Combination c, LoadResult? r) in outcomes.OrderByDescending(o => o.Result?.Throughput ?? double.NegativeInfinity))
        {
            table.AddRow(r is null
                ? [c.Transport, c.Product, "not measured", Nothing, Nothing, Nothing, Nothing]
                : [c.Transport, c.Product, Decimal(r.Throughput), Decimal(r.Latency.P95), Decimal(r.Overlap), Whole(r.Wrong), Whole(r.Failed)]);
        }

        context.Results.Write(table);
    }

    // Sixteen columns fit a terminal only without the usual space on both sides of each.
    private static Table NewTable(string title, params string[] headings)
    {
        Table table = new Table().Title(Markup.Escape(title)).Border(TableBorder.Rounded);
        foreach (string heading in headings)
        {
            table.AddColumn(new TableColumn(heading).RightAligned().Padding(0, 0).NoWrap());
        }

        return table;
    }

    // Cut, not rounded: 1,999 of 2,000 must not look like all of them.
    private static string Percent(double value) => (Math.Floor(value * 10) / 10).ToString("0.0", CultureInfo.InvariantCulture);
}
