using ScottPlot;
using SkiaSharp;

namespace Trident.Console.Plotting;

/// <summary>
/// The font of the plots, out of this assembly: on a machine without fonts there would be no text, and elsewhere plots would differ
/// from machine to machine. Where it comes from and its license are in Fonts/README.md.
/// </summary>
internal sealed class PlotFont : IFontResolver
{
    /// <summary>Its family; what an SVG names too.</summary>
    public const string Family = "DejaVu Sans";

    // Verdana is of the same design and the same widths, and is there where DejaVu is not.
    private const string Families = $"{Family}, Verdana, sans-serif";
    private const string Resource = "DejaVuSans-Latin.ttf";
    private static readonly Lazy<SKTypeface> Loaded = new(Load);

    private PlotFont()
    {
    }

    /// <summary>The font itself.</summary>
    public static SKTypeface Typeface => Loaded.Value;

    /// <summary>Lets a viewer of an SVG take another font of the same widths.</summary>
    public static string WithFallback(string svg) => svg.Replace($"font-family=\"{Family}\"", $"font-family=\"{Families}\"", StringComparison.Ordinal);

    /// <inheritdoc/>
    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) => fontName == Family ? Load() : null;

    /// <inheritdoc/>
    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) => fontName == Family ? Load() : null;

    private static SKTypeface Load()
    {
        using Stream stream = typeof(PlotFont).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The font {Resource} is not in the console's assembly.");
        using SKData data = SKData.Create(stream);
        return SKTypeface.FromData(data) ?? throw new InvalidOperationException($"The font {Resource} cannot be read.");
    }

    /// <summary>Makes the plotting library find it; more than once does no harm.</summary>
    public static void Register() => _ = Registered.Value;

    private static readonly Lazy<bool> Registered = new(() =>
    {
        ScottPlot.Fonts.FontResolvers.Insert(0, new PlotFont());
        ScottPlot.Fonts.Default = Family;
        return true;
    });
}
