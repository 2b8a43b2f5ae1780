using ScottPlot;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;
using SkiaSharp;
using Trident.Console.Measuring;

namespace Trident.Console.Plotting;

/// <summary>
/// Draws a comparison: throughput on the left, p95 latency on the right, both against concurrency and all axes logarithmic, so that 2
/// and 900 answers a second can be read in one picture. Colour is the transport, the marker is the product.
/// </summary>
internal static class BenchPlot
{
    private const int Width = 1280;
    private const int Height = 660;
    private const int TitleHeight = 76;
    private const int LegendHeight = 76;
    private const int Gap = 14;
    private const int ItemsInOneRow = 6;
    private const int PngScale = 2;

    // The plotting library centres text by its whole line, with the space below; this centres the digits.
    private const float TextDrop = 2.5f;

    /// <summary>Whether a file name ends in what <see cref="Save"/> writes.</summary>
    public static bool IsKnown(string path) => Path.GetExtension(path).ToLowerInvariant() is ".svg" or ".png";

    /// <summary>Writes a plot; the extension, .svg or .png, says as what.</summary>
    /// <exception cref="ConsoleException">Another extension.</exception>
    public static void Save(BenchReport report, string path)
    {
        if (!IsKnown(path))
        {
            throw new ConsoleException($"{path} cannot be plotted to: the name must end in .svg or .png.", CommandRunner.UsageError);
        }

        PlotModel model = PlotModel.Of(report);
        if (Path.GetExtension(path).Equals(".svg", StringComparison.OrdinalIgnoreCase))
        {
            File.WriteAllText(path, Svg(model));
        }
        else
        {
            File.WriteAllBytes(path, Png(model));
        }
    }

    /// <summary>The plot as the text of an SVG file.</summary>
    public static string Svg(PlotModel model)
    {
        using MemoryStream stream = new();
        using (SKCanvas canvas = SKSvgCanvas.Create(SKRect.Create(Width, Height), stream))
        {
            Draw(canvas, model);
        }

        stream.Position = 0;
        using StreamReader reader = new(stream);
        return PlotFont.WithFallback(reader.ReadToEnd());
    }

    /// <summary>The plot as the bytes of a PNG file, twice as many pixels as the SVG has units.</summary>
    public static byte[] Png(PlotModel model)
    {
        using SKSurface surface = SKSurface.Create(new SKImageInfo(Width * PngScale, Height * PngScale));
        surface.Canvas.Scale(PngScale);
        Draw(surface.Canvas, model);
        using SKImage image = surface.Snapshot();
        using SKData data = image.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    private static void Draw(SKCanvas canvas, PlotModel model)
    {
        PlotFont.Register();
        canvas.Clear(SKColors.White);
        DrawCentred(canvas, model.Title, 20, 34);
        DrawCentred(canvas, model.Subtitle, 14, 58);

        const int Bottom = Height - LegendHeight;
        using (Plot throughput = Panel(model, "right answers per second", l => l.Throughput, model.Lines.Concat(model.Expected)))
        {
            throughput.Render(canvas, new PixelRect(Gap, Width / 2 - Gap, Bottom, TitleHeight));
        }

        using (Plot latency = Panel(model, "latency of a query, 95th percentile (ms)", l => l.P95, model.Lines))
        {
            latency.Render(canvas, new PixelRect(Width / 2 + Gap, Width - Gap, Bottom, TitleHeight));
        }

        using Plot legend = Legend(model);
        legend.Render(canvas, new PixelRect(0, Width, Height, Bottom));
    }

    // Several plots share a canvas, so none may clear it.
    private static Plot NewPlot()
    {
        Plot plot = new();
        plot.RenderManager.ClearCanvasBeforeEachRender = false;
        plot.Font.Set(PlotFont.Family);
        return plot;
    }

    private static Plot Panel(PlotModel model, string measure, Func<PlotLine, PlotPoint[]> points, IEnumerable<PlotLine> lines)
    {
        Plot plot = NewPlot();
        List<double> values = [];
        foreach (PlotLine line in lines)
        {
            PlotPoint[] shown = points(line);
            if (shown.Length == 0)
            {
                continue;
            }

            values.AddRange(shown.Select(p => p.Value));
            Scatter scatter = plot.Add.Scatter(
                shown.Select(p => Math.Log2(p.Concurrency)).ToArray(), shown.Select(p => Math.Log10(p.Value)).ToArray());
            PlotStyle style = PlotStyle.Of(line);
            scatter.LineStyle = style.Line;
            scatter.MarkerStyle = style.Marker;
        }

        SetAxes(plot, model.Levels, values);
        Label(plot.Axes.Left.Label, measure + ", logarithmic scale");
        Label(plot.Axes.Bottom.Label, "queries under way at a time (concurrency)");
        return plot;
    }

    private static void SetAxes(Plot plot, IReadOnlyList<int> levels, List<double> values)
    {
        const double Margin = 0.06;
        double least = values.Count == 0 ? 1 : values.Min(), most = values.Count == 0 ? 10 : values.Max();
        double spread = Math.Max(Math.Log10(most / least), 0.5);
        double low = Math.Log10(least) - Margin * spread, high = Math.Log10(least) + (1 + Margin) * spread;
        double left = Math.Log2(levels[0]), right = Math.Max(Math.Log2(levels[^1]), left + 1);
        plot.Axes.SetLimits(left - Margin * (right - left), right + Margin * (right - left), low, high);
        plot.Axes.Left.TickGenerator = Ticks(LogTicks.Decimal(Math.Pow(10, low), Math.Pow(10, high)), Math.Log10);
        plot.Axes.Bottom.TickGenerator = Ticks(LogTicks.Levels(levels), Math.Log2);
        plot.Axes.Left.TickLabelStyle.FontSize = PlotStyle.TickSize;
        plot.Axes.Left.TickLabelStyle.OffsetY = TextDrop;
        plot.Axes.Bottom.TickLabelStyle.FontSize = PlotStyle.TickSize;
        plot.Grid.MajorLineColor = PlotStyle.Grid;
        plot.Axes.Right.IsVisible = plot.Axes.Top.IsVisible = false;
    }

    private static NumericManual Ticks(LogTicks ticks, Func<double, double> position)
    {
        NumericManual manual = new();
        foreach (double value in ticks.Labelled)
        {
            manual.AddMajor(position(value), value.ToString("#,0.######", System.Globalization.CultureInfo.InvariantCulture));
        }

        foreach (double value in ticks.Minor)
        {
            manual.AddMinor(position(value));
        }

        return manual;
    }

    private static Plot Legend(PlotModel model)
    {
        Plot plot = NewPlot();
        plot.HideAxesAndGrid();
        plot.Layout.Frameless();
        LegendItem[] items =
        [
            .. model.Lines.Concat(model.Expected).Select(line =>
            {
                PlotStyle style = PlotStyle.Of(line);
                LegendItem item = new() { LabelText = line.Label, LineStyle = style.Line, MarkerStyle = style.Marker };
                item.LabelStyle.OffsetY = TextDrop;
                return item;
            }),
        ];
        Legend legend = plot.ShowLegend(items, Alignment.MiddleCenter);
        legend.Orientation = Orientation.Horizontal;
        legend.TightHorizontalWrapping = model.Lines.Length + model.Expected.Length <= ItemsInOneRow;
        legend.FontName = PlotFont.Family;
        legend.FontSize = PlotStyle.TickSize;
        legend.SymbolWidth = 36;
        legend.InterItemPadding = new PixelPadding(12, 12, 4, 4);
        legend.OutlineStyle.IsVisible = false;
        legend.ShadowColor = Colors.Transparent;
        return plot;
    }

    private static void Label(LabelStyle label, string text)
    {
        label.Text = text;
        label.Bold = false;
        label.FontSize = PlotStyle.LabelSize;
    }

    private static void DrawCentred(SKCanvas canvas, string text, float size, float baseline)
    {
        using SKFont font = new(PlotFont.Typeface, size);
        using SKPaint paint = new() { Color = SKColors.Black, IsAntialias = true };

        // A long file name is made smaller rather than cut.
        float width = font.MeasureText(text);
        if (width > Width * 0.96f)
        {
            font.Size = size * Width * 0.96f / width;
        }

        canvas.DrawText(text, Width / 2f, baseline, SKTextAlign.Center, font, paint);
    }
}
