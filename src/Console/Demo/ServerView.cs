using System.Globalization;
using Spectre.Console;
using Trident.Protocol.Field;
using Trident.Protocol.Selection;
using Trident.Protocol.Sharing;

namespace Trident.Console.Demo;

/// <summary>
/// What server 1 gets for a question once it has opened the seal, side by side for two rows and for the first row again.
/// The keys are made here by the call that the client makes for a fetch, and expanded by the call that the server makes.
/// </summary>
internal sealed class ServerView
{
    // Magic, version, party, rows, and the two offsets that hide the functions' values.
    private const int HeaderBytes = 18;
    private const int BytesALine = 8;
    private const int BytesShown = 32;
    private const int WordsShown = 4;

    private ServerView(int rows, int row)
    {
        Row = row;
        SelectorKey[] keys = SelectorKey.Generate(rows, row);
        Key = keys[0].ToBytes();
        Share = new uint[rows];
        keys[0].Evaluate(Share);
        uint[] other = new uint[rows];
        keys[1].Evaluate(other);
        uint[] opened = new uint[rows];
        Shamir.OpenLine(1, Share, 2, other, opened);
        Selected = opened.Count(w => w != 0) == 1 && opened[row] == 1;
        foreach (SelectorKey key in keys)
        {
            key.Dispose();
        }
    }

    /// <summary>The row asked for.</summary>
    public int Row { get; }

    /// <summary>The key that party 1 receives.</summary>
    public byte[] Key { get; }

    /// <summary>Its expansion: party 1's share of the unit vector, one word per row.</summary>
    public uint[] Share { get; }

    /// <summary>Whether the shares of parties 1 and 2 together open to the unit vector of the row.</summary>
    public bool Selected { get; }

    /// <summary>The part of the share's words that are larger than p/2; one half for uniform words.</summary>
    public double UpperHalf => Share.Count(w => w > Mersenne31.P / 2) / (double)Share.Length;

    /// <summary>Two different rows, where the table has two.</summary>
    public static (int First, int Second) TwoRows(int rows, int seed)
    {
        Random random = new(seed);
        int first = random.Next(rows);
        return (first, (first + 1 + random.Next(Math.Max(rows - 1, 1))) % rows);
    }

    /// <summary>The view of one question.</summary>
    public static ServerView Of(int rows, int row) => new(rows, row);

    /// <summary>Writes the account.</summary>
    public static void Write(CommandContext context, int rows, int first, int second)
    {
        ServerView[] views = [Of(rows, first), Of(rows, second), Of(rows, first)];
        Table table = new Table().Title("What server 1 sees").Border(TableBorder.Rounded).ShowRowSeparators();
        table.AddColumns(["", .. views.Take(2).Select(v => $"asked for row {Text(v.Row)}"), $"row {Text(first)} again"]);
        table.AddRow(["size of the key", .. views.Select(v => $"{Text(v.Key.Length)} bytes")]);
        table.AddRow(["key, after its header", .. views.Select(KeyBytes)]);
        table.AddRow(["its share of the selection,\nfirst words", .. views.Select(v => string.Join('\n', v.Share.Take(WordsShown)))]);
        table.AddRow(["the word at the row asked for", .. views.Select(v => v.Share[v.Row].ToString(CultureInfo.InvariantCulture))]);
        table.AddRow(["words above p/2", .. views.Select(v => string.Create(CultureInfo.InvariantCulture, $"{100 * v.UpperHalf:0.0} %"))]);
        context.Results.Write(table);

        bool fresh = !views[0].Key.AsSpan().SequenceEqual(views[2].Key);
        context.Out.WriteLine(
            "These keys were made for this account, not taken from the wire: by the call that the client makes for a fetch, expanded by the call that the server makes.");
        context.Out.WriteLine($"The first {HeaderBytes} bytes of a key, left out above, are a header and two random offsets.");
        context.Out.WriteLine(fresh
            ? $"Row {first} asked for twice gave different bytes: server 1 cannot tell a repeated question from a new one."
            : $"Row {first} asked for twice gave the SAME bytes: the selector keys are broken.");
        context.Out.WriteLine(views.All(v => v.Selected)
            ? "Servers 1 and 2 together would see the row: their shares open to a vector that is 1 at the row asked for and 0 elsewhere. One alone does not."
            : "The shares of servers 1 and 2 do NOT open to the row asked for: the selector keys are broken.");
    }

    private static string KeyBytes(ServerView view) => string.Join('\n', view.Key.AsMemory(HeaderBytes)
        .ToArray().Take(BytesShown).Chunk(BytesALine).Select(line => string.Join(' ', line.Select(b => b.ToString("x2", CultureInfo.InvariantCulture)))));

    private static string Text(int value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
