using System.Globalization;
using System.Runtime.InteropServices;
using SkiaSharp;
using Trident.Console.Plotting;

namespace Trident.Console.Demo;

/// <summary>Draws a search for eyes: every question at the left, what was found beside it, and at the right what server 1 got of it.</summary>
internal static class NeighbourPicture
{
    /// <summary>Pixels for each unit of the drawing, both ways.</summary>
    public const int Scale = 2;

    /// <summary>Thickness of the frame around a tile, in units of the drawing.</summary>
    public const int Frame = 4;

    /// <summary>The frame of a hit that comparing in the clear finds, too.</summary>
    public static readonly SKColor Right = new(0x1f, 0x9d, 0x55);

    /// <summary>The frame of any other hit.</summary>
    public static readonly SKColor Wrong = new(0xd3, 0x2f, 0x2f);

    private const int Margin = 44;
    private const int Header = 118;
    private const int Tile = 112;
    private const int Pitch = 134;
    private const int RowHeight = 170;
    private const int Divider = 34;
    private const int PanelGap = 44;
    private const int SightGap = 24;
    private const int SightHeight = 330;
    private const int PanelWidth = 2 * Tile + SightGap;
    private const int LineHeight = 18;
    private const int Footer = 40;
    private const int FirstRow = Header + 34;
    private const int FirstHit = Margin + Tile + 2 * Divider;

    private static readonly SKColor Ink = new(0x1c, 0x1c, 0x1e);
    private static readonly SKColor Quiet = new(0x6b, 0x6b, 0x70);
    private static readonly SKColor Line = new(0xdd, 0xdd, 0xe0);
    private static readonly SKColor Neutral = new(0xb4, 0xb4, 0xba);

    /// <summary>Size of the picture in pixels.</summary>
    public static (int Width, int Height) Size(PictureModel model)
    {
        int hits = model.Rows.Max(r => r.Hits.Count);
        int width = Margin + Tile + 2 * Divider + hits * Pitch - (Pitch - Tile) + 2 * PanelGap + PanelWidth + Margin;
        int panel = model.Sights.Count * SightHeight + model.Figures.Count * LineHeight + 100;
        return (width * Scale, (FirstRow + Math.Max(model.Rows.Count * RowHeight, panel) + Footer) * Scale);
    }

    /// <summary>Where a hit's image is, in pixels; its frame lies around it.</summary>
    /// <param name="row">The question.</param>
    /// <param name="hit">The hit, nearest first.</param>
    public static SKRectI HitTile(int row, int hit) => SKRectI.Create(
        (FirstHit + hit * Pitch) * Scale, (FirstRow + row * RowHeight) * Scale, Tile * Scale, Tile * Scale);

    /// <summary>The picture as the bytes of a PNG file.</summary>
    public static byte[] Png(PictureModel model)
    {
        (int width, int height) = Size(model);
        using SKSurface surface = SKSurface.Create(new SKImageInfo(width, height));
        SKCanvas canvas = surface.Canvas;
        canvas.Clear(SKColors.White);
        canvas.Scale(Scale);
        float right = width / (float)Scale - Margin, bottom = height / (float)Scale;
        float panel = right - PanelWidth;
        Text(canvas, model.Title, Margin, 56, 26, Ink, right - Margin);
        Text(canvas, model.Subtitle, Margin, 84, 14, Quiet, right - Margin);
        Rule(canvas, Margin, 104, right, 104);

        float found = FirstHit;
        Text(canvas, "the question", Margin, Header + 18, 13, Quiet, Tile);
        Text(canvas, "the nearest that were found, nearest first", found, Header + 18, 13, Quiet, panel - PanelGap - found);
        Rule(canvas, Margin + Tile + Divider, FirstRow, Margin + Tile + Divider, FirstRow + model.Rows.Count * RowHeight - 18);
        for (int i = 0; i < model.Rows.Count; i++)
        {
            DrawRow(canvas, model.Rows[i], FirstRow + i * RowHeight, found);
        }

        Rule(canvas, panel - PanelGap, Header + 4, panel - PanelGap, bottom - Footer);
        DrawPanel(canvas, model, panel);
        using SKImage image = surface.Snapshot();
        using SKData data = image.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    private static void DrawRow(SKCanvas canvas, PictureRow row, float top, float found)
    {
        DrawTile(canvas, row.Question, Margin, top, Neutral);
        Centred(canvas, row.Label, Margin, top + Tile + 21, 13, Ink);
        for (int i = 0; i < row.Hits.Count; i++)
        {
            PictureHit hit = row.Hits[i];
            float x = found + i * Pitch;
            DrawTile(canvas, hit.Image, x, top, hit.Right ? Right : Wrong);
            Centred(canvas, hit.Label, x, top + Tile + 21, 13, hit.Label == row.Label ? Ink : Quiet);
            Centred(canvas, hit.Distance.ToString("N1", CultureInfo.InvariantCulture), x, top + Tile + 38, 12, Quiet);
        }
    }

    private static void DrawPanel(SKCanvas canvas, PictureModel model, float x)
    {
        float y = Header + 18;
        foreach (PictureSight sight in model.Sights)
        {
            Text(canvas, sight.Heading, x, y, 15, Ink, PanelWidth);
            DrawTile(canvas, sight.Secret, x, y + 16, Neutral);
            DrawTile(canvas, sight.Seen, x + Tile + SightGap, y + 16, Neutral);
            Centred(canvas, sight.SecretName, x, y + 16 + Tile + 21, 12, Quiet);
            Centred(canvas, sight.SeenName, x + Tile + SightGap, y + 16 + Tile + 21, 12, Quiet);
            Paragraph(canvas, sight.Remark, x, y + 16 + Tile + 46, PanelWidth);
            y += SightHeight;
        }

        Rule(canvas, x, y - 18, x + PanelWidth, y - 18);
        y += 12;
        foreach ((SKColor colour, string meaning) in new[] { (Right, "as found in the clear"), (Wrong, "not so found") })
        {
            Border(canvas, x + 2, y - 11, 12, colour, 3);
            Text(canvas, meaning, x + 24, y, 13, Ink, PanelWidth - 24);
            y += 24;
        }

        y += 6;
        foreach (string figure in model.Figures)
        {
            Text(canvas, figure, x, y, 13, Ink, PanelWidth);
            y += LineHeight;
        }
    }

    private static void DrawTile(SKCanvas canvas, GreyImage image, float x, float y, SKColor frame)
    {
        using SKBitmap bitmap = new(new SKImageInfo(image.Width, image.Height, SKColorType.Gray8, SKAlphaType.Opaque));
        for (int row = 0; row < image.Height; row++)
        {
            Marshal.Copy(image.Pixels, row * image.Width, bitmap.GetPixels() + row * bitmap.RowBytes, image.Width);
        }

        using SKImage pixels = SKImage.FromBitmap(bitmap);
        canvas.DrawImage(pixels, SKRect.Create(x, y, Tile, Tile), new SKSamplingOptions(SKFilterMode.Nearest));
        Border(canvas, x, y, Tile, frame, Frame);
    }

    /// <summary>A frame around a square, outside of it.</summary>
    private static void Border(SKCanvas canvas, float x, float y, float size, SKColor colour, float thickness)
    {
        using SKPaint paint = new() { Color = colour, Style = SKPaintStyle.Stroke, StrokeWidth = thickness, IsAntialias = true };
        SKRect around = SKRect.Create(x, y, size, size);
        around.Inflate(thickness / 2, thickness / 2);
        canvas.DrawRoundRect(around, thickness, thickness, paint);
    }

    private static void Rule(SKCanvas canvas, float x1, float y1, float x2, float y2)
    {
        using SKPaint paint = new() { Color = Line, StrokeWidth = 1 };
        canvas.DrawLine(x1, y1, x2, y2, paint);
    }

    private static void Centred(SKCanvas canvas, string text, float x, float baseline, float size, SKColor colour) =>
        Text(canvas, text, x + Tile / 2f, baseline, size, colour, Pitch - 6, SKTextAlign.Center);

    /// <summary>A line of text; one that does not fit is made smaller rather than cut.</summary>
    private static void Text(SKCanvas canvas, string text, float x, float baseline, float size, SKColor colour, float most, SKTextAlign align = SKTextAlign.Left)
    {
        using SKFont font = NewFont(size);
        using SKPaint paint = new() { Color = colour, IsAntialias = true };
        float width = font.MeasureText(text);
        if (width > most)
        {
            font.Size = size * most / width;
        }

        canvas.DrawText(text, x, baseline, align, font, paint);
    }

    private static void Paragraph(SKCanvas canvas, string text, float x, float baseline, float most)
    {
        using SKFont font = NewFont(12);
        using SKPaint paint = new() { Color = Quiet, IsAntialias = true };
        string line = "";
        foreach (string word in text.Split(' '))
        {
            string longer = line.Length == 0 ? word : $"{line} {word}";
            if (line.Length > 0 && font.MeasureText(longer) > most)
            {
                canvas.DrawText(line, x, baseline, SKTextAlign.Left, font, paint);
                baseline += LineHeight;
                longer = word;
            }

            line = longer;
        }

        canvas.DrawText(line, x, baseline, SKTextAlign.Left, font, paint);
    }

    private static SKFont NewFont(float size) => new(PlotFont.Typeface, size) { Subpixel = true, Edging = SKFontEdging.Antialias, Hinting = SKFontHinting.None };
}
