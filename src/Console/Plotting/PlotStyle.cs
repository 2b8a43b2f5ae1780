using ScottPlot;

namespace Trident.Console.Plotting;

/// <summary>How a line looks.</summary>
/// <param name="Line">Its stroke.</param>
/// <param name="Marker">Its points.</param>
internal sealed record PlotStyle(LineStyle Line, MarkerStyle Marker)
{
    /// <summary>Size of the numbers at the axes and of the legend.</summary>
    public const float TickSize = 13;

    /// <summary>Size of the axes' names.</summary>
    public const float LabelSize = 14;

    /// <summary>Colour of the grid.</summary>
    public static readonly Color Grid = Color.FromHex("#E4E4E4");

    // The palette of Okabe and Ito, which people with any usual colour vision can tell apart.
    private static readonly Dictionary<string, string> Colours = new(StringComparer.OrdinalIgnoreCase)
    {
        ["shared"] = "#D55E00",
        ["ephemeral"] = "#0072B2",
        ["pooled"] = "#009E73",
        ["multiplexed"] = "#CC79A7",
    };

    /// <summary>The style of a line; the original's expectations are dashed, grey and without points.</summary>
    public static PlotStyle Of(PlotLine line)
    {
        if (line.Transport.Length == 0)
        {
            bool after = line.Label == PlotModel.AfterLabel;
            return new PlotStyle(
                new LineStyle(2, Color.FromHex(after ? "#222222" : "#8A8A8A"), after ? LinePattern.Dashed : LinePattern.DenselyDashed),
                MarkerStyle.None);
        }

        Color colour = Color.FromHex(Colours.GetValueOrDefault(line.Transport, "#E69F00"));
        MarkerShape shape = line.Product switch
        {
            "stock" => MarkerShape.FilledCircle,
            "beaver" => MarkerShape.FilledSquare,
            _ => MarkerShape.FilledTriangleUp,
        };

        // Pooled and multiplexed often coincide: the broad line can be seen below the narrow one.
        bool broad = line.Transport == "pooled";
        return new PlotStyle(new LineStyle(broad ? 5 : 2.2f, colour), new MarkerStyle(shape, broad ? 14 : 9, colour));
    }
}
