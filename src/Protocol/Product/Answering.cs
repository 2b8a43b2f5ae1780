using Trident.Protocol.Field;
using Trident.Protocol.Sharing;

namespace Trident.Protocol.Product;

/// <summary>The opened e of a query, and whether three shares agreed on it.</summary>
public sealed record OpenedE(uint[] E, bool AllAgreed);

/// <summary>The opened answer, and whether three shares agreed on it.</summary>
public sealed record OpenedAnswer(uint[] Words, bool AllAgreed);

/// <summary>The steps of one query: e = v − a, its opening, z = eᵀM + c, and the opening of the answer.</summary>
public static class Answering
{
    /// <summary>A party's e-share: its share of the selector less its share of the mask.</summary>
    public static void EShare(ReadOnlySpan<uint> selector, ReadOnlySpan<uint> mask, Span<uint> e) => FieldVector.Sub(selector, mask, e);

    /// <summary>Opens e from this party's own share and one or both of the peers'; an absent share is empty.</summary>
    /// <exception cref="OffTheLineException">The three are not on a line, or a share has a word that is no element.</exception>
    public static OpenedE OpenE(int party, ReadOnlySpan<uint> own, ReadOnlySpan<uint> fromLower, ReadOnlySpan<uint> fromHigher)
    {
        (uint[] words, bool agreed) = party switch
        {
            1 => Open("e-share check", own, fromLower, fromHigher),
            2 => Open("e-share check", fromLower, own, fromHigher),
            _ => Open("e-share check", fromLower, fromHigher, own),
        };
        return new OpenedE(words, agreed);
    }

    /// <summary>A party's answer share, for several queries in one pass: z = eᵀM + c.</summary>
    /// <param name="e">count × rows.</param>
    /// <param name="count">How many rows were asked for.</param>
    /// <param name="matrix">rows × columns.</param>
    /// <param name="rows">Rows of the table.</param>
    /// <param name="columns">Words of a record.</param>
    /// <param name="c">count × columns, from the stock.</param>
    /// <param name="z">count × columns.</param>
    public static void AnswerShare(ReadOnlySpan<uint> e, int count, ReadOnlySpan<uint> matrix, int rows, int columns, ReadOnlySpan<uint> c, Span<uint> z)
    {
        ProductKernel.Multiply(e, count, matrix, rows, columns, z);
        FieldVector.Add(z, c, z);
    }

    /// <summary>The client's opening, from any two answer shares; with three, checked. An absent share is empty.</summary>
    /// <exception cref="OffTheLineException">The three are not on a line, or a share has a word that is no element.</exception>
    public static OpenedAnswer OpenAnswer(ReadOnlySpan<uint> z1, ReadOnlySpan<uint> z2, ReadOnlySpan<uint> z3)
    {
        (uint[] words, bool agreed) = Open("answer check", z1, z2, z3);
        return new OpenedAnswer(words, agreed);
    }

    private static (uint[] Words, bool Agreed) Open(string check, ReadOnlySpan<uint> y1, ReadOnlySpan<uint> y2, ReadOnlySpan<uint> y3)
    {
        if (!FieldVector.AllBelowP(y1) || !FieldVector.AllBelowP(y2) || !FieldVector.AllBelowP(y3))
        {
            throw new OffTheLineException($"{check}: a share holds a word that is no element of the field");
        }

        int present = (y1.IsEmpty ? 0 : 1) + (y2.IsEmpty ? 0 : 1) + (y3.IsEmpty ? 0 : 1);
        if (present < 2)
        {
            throw new ArgumentException($"{check}: {present} shares; two open a value.");
        }

        if (present == 3 && !Shamir.OnALine(y1, y2, y3))
        {
            throw new OffTheLineException($"{check}: the three shares are not on one line, first at position {Shamir.FirstOffLine(y1, y2, y3)}");
        }

        uint[] words = new uint[Math.Max(y1.Length, y2.Length)];
        if (y1.IsEmpty)
        {
            Shamir.OpenLine(2, y2, 3, y3, words);
        }
        else if (y2.IsEmpty)
        {
            Shamir.OpenLine(1, y1, 3, y3, words);
        }
        else
        {
            Shamir.OpenLine(1, y1, 2, y2, words);
        }

        return (words, present == 3);
    }
}
