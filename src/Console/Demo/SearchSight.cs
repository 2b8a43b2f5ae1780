using Trident.Protocol.Collections;
using Trident.Protocol.Sharing;

namespace Trident.Console.Demo;

/// <summary>
/// What server 1 gets of a search, as images: its share of a question, and of the selection of a record. Made here as the client
/// makes them, by the same calls; not taken from the wire.
/// </summary>
internal static class SearchSight
{
    /// <summary>The share of a question's words that server 1 is sent to score by.</summary>
    public static PictureSight OfQuestion(CollectionDescription collection, DemoVector question)
    {
        uint[] words = collection.Scale.Encode(question.Numbers()).Words;
        uint[] share = new uint[words.Length];
        Shamir.Share(words, share, new uint[words.Length], new uint[words.Length]);
        GreyImage shown = Image(question);
        return new PictureSight(
            "A question, as server 1 gets it", shown, "the question", GreyImage.OfWords(share.AsSpan(0, shown.Pixels.Length)), "share of server 1",
            FormattableString.Invariant($"Each of the {words.Length:N0} numbers is a point of a random line, uniform below 2³¹ − 1 whatever the question is. Shown are the upper eight bits of each."));
    }

    /// <summary>The share of the selection to which the key expands that server 1 is sent for a record.</summary>
    /// <param name="collection">The collection.</param>
    /// <param name="row">The vector's row, whose record is selected.</param>
    public static PictureSight OfRecord(CollectionDescription collection, int row)
    {
        int rows = collection.Layout.Rows(collection.Count), selected = row / collection.Layout.PerRow;
        uint[] selection = new uint[rows];
        selection[selected] = int.MaxValue;
        ServerView view = ServerView.Of(rows, selected);
        return new PictureSight(
            "A record asked for, as server 1 gets it", GreyImage.OfWords(selection), "the row chosen", GreyImage.OfWords(view.Share), "share of server 1",
            FormattableString.Invariant($"White is the one row of {rows:N0} that is fetched. The key of {view.Key.Length} bytes expands to a share of that selection, uniform too."));
    }

    /// <summary>A vector of square many bytes as an image.</summary>
    public static GreyImage Image(DemoVector vector)
    {
        int side = (int)Math.Sqrt(vector.Record.Length);
        return new GreyImage(vector.Record, side, side);
    }
}
