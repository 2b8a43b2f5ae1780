namespace Trident.Console.Demo;

/// <summary>An image in shades of grey.</summary>
/// <param name="Pixels">A byte each, row by row, 0 for black; <paramref name="Width"/> × <paramref name="Height"/> of them.</param>
/// <param name="Width">Pixels in a row.</param>
/// <param name="Height">Rows.</param>
internal sealed record GreyImage(byte[] Pixels, int Width, int Height)
{
    private const byte Missing = 0xdd;

    /// <summary>Field words as shades: the upper eight of their 31 bits. In rows that make about a square; what is missing of the last row is light grey.</summary>
    public static GreyImage OfWords(ReadOnlySpan<uint> words)
    {
        int width = (int)Math.Ceiling(Math.Sqrt(words.Length)), height = (words.Length + width - 1) / width;
        byte[] pixels = new byte[width * height];
        Array.Fill(pixels, Missing);
        for (int i = 0; i < words.Length; i++)
        {
            pixels[i] = (byte)(words[i] >> 23);
        }

        return new GreyImage(pixels, width, height);
    }
}

/// <summary>What the demo's picture shows.</summary>
/// <param name="Title">Above everything.</param>
/// <param name="Subtitle">Below the title.</param>
/// <param name="Rows">A question in each.</param>
/// <param name="Sights">What server 1 got, beside what it was not to see.</param>
/// <param name="Figures">Lines of results.</param>
internal sealed record PictureModel(string Title, string Subtitle, IReadOnlyList<PictureRow> Rows, IReadOnlyList<PictureSight> Sights, IReadOnlyList<string> Figures);

/// <summary>One question and what was found for it.</summary>
internal sealed record PictureRow(GreyImage Question, string Label, IReadOnlyList<PictureHit> Hits);

/// <summary>One image that was found.</summary>
/// <param name="Image">The image.</param>
/// <param name="Label">What it shows.</param>
/// <param name="Distance">How far it is from the question.</param>
/// <param name="Right">Whether comparing with every image in the clear finds it among the nearest, too.</param>
internal sealed record PictureHit(GreyImage Image, string Label, double Distance, bool Right);

/// <summary>A secret and what server 1 gets of it.</summary>
internal sealed record PictureSight(string Heading, GreyImage Secret, string SecretName, GreyImage Seen, string SeenName, string Remark);
