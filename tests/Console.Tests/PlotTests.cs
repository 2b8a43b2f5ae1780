using System.Xml.Linq;
using Trident.Console.Measuring;
using Trident.Console.Plotting;
using Xunit;

namespace Trident.Console.Tests;

public class PlotTests
{
    private static readonly int[] Levels = [1, 2, 4, 8, 16];

    [Fact]
    public void EveryTransportAndProductIsALineBesideTheOriginals()
    {
        PlotModel model = PlotModel.Of(Report(["shared", "pooled"], ["stock", "beaver"]));
        Assert.Equal(["shared, stock", "shared, beaver", "pooled, stock", "pooled, beaver"], model.Lines.Select(l => l.Label));
        Assert.All(model.Lines, l => Assert.Equal(Levels, l.Throughput.Select(p => p.Concurrency)));
        Assert.Equal([1.30, 2.21, 2.17, 2.11, 2.00], model.Expected[0].Throughput.Select(p => p.Value));
        Assert.Equal([1.30, 2.60, 5.20, 10.40, 20.80], model.Expected[1].Throughput.Select(p => p.Value));
        Assert.Equal("Private fetches from base.fvecs: 10,000 rows of 128 U8", model.Title);
        Assert.Equal("link delay 50 ms", model.Subtitle);
        Assert.Equal("link delay 50 ms, product stock", PlotModel.Of(Report(["shared"], ["stock"])).Subtitle);
    }

    [Fact]
    public void LevelsWithoutARightAnswerHaveNoPointAndOrderDoesNotMatter()
    {
        BenchRun[] runs = Report(["shared"], ["stock"]).Runs;
        runs[2] = runs[2] with { Right = 0, Failed = 50, Throughput = 0, LatencyMs = new LatencySummary(0, 0, 0, 0) };
        PlotLine line = Assert.Single(PlotModel.Of(new BenchReport([.. runs.Reverse()])).Lines);
        Assert.Equal([1, 2, 8, 16], line.Throughput.Select(p => p.Concurrency));
        Assert.Equal([1, 2, 8, 16], line.P95.Select(p => p.Concurrency));
        Assert.Equal(runs[4].LatencyMs.P95, line.P95[3].Value);
    }

    [Fact]
    public void RunsOnDifferentLinksAreDifferentLines()
    {
        BenchRun[] runs = Report(["shared"], ["stock"]).Runs;
        PlotModel model = PlotModel.Of(new BenchReport([.. runs, .. runs.Select(r => r with { LinkDelayMs = 0, LinkMegabitsPerSecond = 100 })]));
        Assert.Equal(["shared, link delay 50 ms", "shared, no link delay, 100 Mbit/s"], model.Lines.Select(l => l.Label));
    }

    [Fact]
    public void TheSvgSaysWhatIsShownAndHoldsTheDashedCurves()
    {
        XDocument svg = XDocument.Parse(BenchPlot.Svg(PlotModel.Of(Report(["shared", "ephemeral"], ["stock"]))));
        string[] texts = [.. svg.Descendants().Where(e => e.Name.LocalName == "text").Select(e => e.Value.Trim())];
        Assert.Superset(
            new HashSet<string>
            {
                "Private fetches from base.fvecs: 10,000 rows of 128 U8", "link delay 50 ms, product stock",
                "right answers per second, logarithmic scale", "latency of a query, 95th percentile (ms), logarithmic scale",
                "queries under way at a time (concurrency)", "shared", "ephemeral", PlotModel.BeforeLabel, PlotModel.AfterLabel, "1", "2", "4", "8", "16",
            },
            texts.ToHashSet());

        // Dashes are filled one by one, each beginning with a move. The original's two curves have them, the measured lines do not.
        Assert.All(["#8A8A8A", "#222"], colour => Assert.True(MostMoves("fill", colour) > 10, colour));
        Assert.All(["#D55E00", "#0072B2"], colour => Assert.Equal(1, MostMoves("stroke", colour)));
        int MostMoves(string paint, string colour) => svg.Descendants()
            .Where(e => e.Name.LocalName == "path" && e.Attribute(paint)?.Value == colour)
            .Max(e => e.Attribute("d")!.Value.Count(c => c == 'M'));

        Assert.All(
            svg.Descendants().Where(e => e.Name.LocalName == "text"),
            e => Assert.Equal("DejaVu Sans, Verdana, sans-serif", e.Attribute("font-family")?.Value));
    }

    [Fact]
    public void ThePngIsOneAndTextStaysOffItsEdges()
    {
        using SkiaSharp.SKBitmap png = SkiaSharp.SKBitmap.Decode(BenchPlot.Png(PlotModel.Of(Report(["shared", "multiplexed"], ["stock", "beaver"]))));
        Assert.Equal((2560, 1320), (png.Width, png.Height));
        SkiaSharp.SKColor[] edge =
        [
            .. Enumerable.Range(0, png.Height).SelectMany(y => new[] { png.GetPixel(0, y), png.GetPixel(png.Width - 1, y) }),
            .. Enumerable.Range(0, png.Width).SelectMany(x => new[] { png.GetPixel(x, 0), png.GetPixel(x, png.Height - 1) }),
        ];
        Assert.All(edge, colour => Assert.Equal(SkiaSharp.SKColors.White, colour));
        Assert.True(Enumerable.Range(0, png.Width).Any(x => png.GetPixel(x, 60) != SkiaSharp.SKColors.White), "there is no title");
    }

    [Fact]
    public void OneLevelAndNoAnswerAtAllCanBeDrawn()
    {
        BenchRun run = Report(["shared"], ["stock"]).Runs[0];
        Assert.Contains("shared", BenchPlot.Svg(PlotModel.Of(new BenchReport([run]))));
        Assert.Contains("shared", BenchPlot.Svg(PlotModel.Of(new BenchReport([run with { Right = 0, Throughput = 0 }]))));
    }

    [Fact]
    public void TicksAreOneTwoFiveOrDecades()
    {
        Assert.Equal([2, 5, 10, 20], LogTicks.Decimal(1.3, 21).Labelled);
        Assert.Equal([3, 4, 6, 7, 8, 9], LogTicks.Decimal(1.3, 21).Minor.Take(6));
        Assert.Equal([1, 10, 100, 1000], LogTicks.Decimal(0.9, 1100).Labelled);
        Assert.Equal([0.2, 0.5, 1], LogTicks.Decimal(0.15, 1.2).Labelled);
        Assert.Equal([1, 2, 3, 4, 5, 7, 9, 12, 15], LogTicks.Levels([.. Enumerable.Range(1, 16)]).Labelled);
    }

    private static BenchReport Report(string[] transports, string[] products) => new(
        [
            .. from t in transports
               from p in products
               from c in Levels
               select new BenchRun(
                   t, p, 50, null, c, 50, 50, 0, 0, 3.5 * c + t.Length + p.Length, c, new LatencySummary(90, 90, 100 + 10 * c, 150),
                   new PhaseSummary(1, 1, 50, 1), 40_084),
        ],
        new BenchData("base.fvecs", 10_000, 128, "U8"));
}
