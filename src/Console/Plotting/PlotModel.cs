using Trident.Console.Measuring;

namespace Trident.Console.Plotting;

/// <summary>A point of a line: a level of concurrency and what was measured there. Always positive, as both axes are logarithmic.</summary>
internal readonly record struct PlotPoint(int Concurrency, double Value);

/// <summary>One line of each panel.</summary>
/// <param name="Label">For the legend.</param>
/// <param name="Transport">Decides the colour.</param>
/// <param name="Product">Decides the marker.</param>
/// <param name="Throughput">Right answers per second, by rising concurrency.</param>
/// <param name="P95">95th percentile of the latency in milliseconds, by rising concurrency.</param>
internal sealed record PlotLine(string Label, string Transport, string Product, PlotPoint[] Throughput, PlotPoint[] P95);

/// <summary>What a plot shows, before anything is drawn.</summary>
/// <param name="Title">What was measured.</param>
/// <param name="Subtitle">On which links, and against which product where there is only one.</param>
/// <param name="Lines">What was measured.</param>
/// <param name="Expected">What the original expected, dashed; throughput only.</param>
internal sealed record PlotModel(string Title, string Subtitle, PlotLine[] Lines, PlotLine[] Expected)
{
    /// <summary>Label of the original's expectation for the shared connection.</summary>
    public const string BeforeLabel = "original: expected before";

    /// <summary>Label of the original's expectation for ephemeral connections.</summary>
    public const string AfterLabel = "original: expected after";

    /// <summary>Levels that something was measured or expected at, rising.</summary>
    public IReadOnlyList<int> Levels =>
        [.. Lines.SelectMany(l => l.Throughput.Concat(l.P95)).Concat(Expected.SelectMany(l => l.Throughput)).Select(p => p.Concurrency).Distinct().Order()];

    /// <summary>Makes a line of every transport and product. Levels without a right answer have no point.</summary>
    public static PlotModel Of(BenchReport report)
    {
        LinkModel[] links = [.. report.Runs.Select(Link).Distinct()];
        bool oneProduct = report.Runs.Select(r => r.Product).Distinct().Count() == 1;
        PlotLine[] lines =
        [
            .. report.Runs.GroupBy(r => (r.Transport, r.Product, Link: Link(r))).Select(g => new PlotLine(
                g.Key.Transport + (oneProduct ? "" : $", {g.Key.Product}") + (links.Length == 1 ? "" : $", {g.Key.Link}"),
                g.Key.Transport,
                g.Key.Product,
                Points(g, r => r.Throughput),
                Points(g.Where(r => r.Right > 0), r => r.LatencyMs.P95))),
        ];
        string title = report.Data is { } data
            ? FormattableString.Invariant($"Private fetches from {data.Name}: {data.Rows:N0} rows of {data.Dimension:N0} {data.Element}")
            : "Private fetches";
        string[] subtitle = [links.Length == 1 ? links[0].ToString() : "several links", .. oneProduct ? [$"product {report.Runs[0].Product}"] : Array.Empty<string>()];
        return new PlotModel(title, string.Join(", ", subtitle), lines, [Expectation(BeforeLabel, Original.Before), Expectation(AfterLabel, Original.After)]);
    }

    private static LinkModel Link(BenchRun run) => new(run.LinkDelayMs, run.LinkMegabitsPerSecond);

    private static PlotPoint[] Points(IEnumerable<BenchRun> runs, Func<BenchRun, double> value) =>
        [.. runs.Select(r => new PlotPoint(r.Concurrency, value(r))).Where(p => p.Value > 0).OrderBy(p => p.Concurrency)];

    private static PlotLine Expectation(string label, IReadOnlyList<double> values) =>
        new(label, "", "", [.. Original.Levels.Zip(values, (level, value) => new PlotPoint(level, value))], []);
}
