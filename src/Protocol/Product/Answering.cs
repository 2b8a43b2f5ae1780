using Trident.Protocol.Field;
using Trident.Protocol.Sharing;

namespace Trident.Protocol.Product;


/// <summary>The opened answer, and whether three shares agreed on it.</summary>
public sealed record OpenedAnswer(uint[] Words, bool AllAgreed);

/// <summary>The steps of one query: e = v − a, its opening, z = eᵀM + c, and the opening of the answer.</summary>
public static class Answering
{
    /// <summary>A party's e-share: its share of the selector less its share of the mask.</summary>
    public static void EShare(ReadOnlySpan<uint> selector, ReadOnlySpan<uint> mask, Span<uint> e) => FieldVector.Sub(selector, mask, e);

    /// <summary>
    /// Opens e, or e and f one after the other, in place of this party's own share, from it and one or both of the peers'; an absent
    /// share is empty. Gives whether three shares agreed.
    /// </summary>
    /// <exception cref="OffTheLineException">The three are not on a line, or a share has a word that is no element.</exception>
    public static bool OpenE(int party, Span<uint> own, ReadOnlySpan<uint> fromLower, ReadOnlySpan<uint> fromHigher) => party switch
    {
        1 => Open("e-share check", own, fromLower, fromHigher, own),
        2 => Open("e-share check", fromLower, own, fromHigher, own),
        _ => Open("e-share check", fromLower, fromHigher, own, own),
    };

    /// <summary>A party's answer share, for several queries in one pass: z = eᵀM + c.</summary>
    /// <param name="e">count × rows.</param>
    /// <param name="count">How many rows were asked for.</param>
    /// <param name="matrix">rows × columns.</param>
    /// <param name="rows">Rows of the table.</param>
    /// <param name="columns">Words of a record.</param>
    /// <param name="c">count × columns, from the stock.</param>
    /// <param name="z">count × columns; may be the same words as c.</param>
    public static void AnswerShare(ReadOnlySpan<uint> e, int count, ReadOnlySpan<uint> matrix, int rows, int columns, ReadOnlySpan<uint> c, Span<uint> z)
    {
        c.CopyTo(z);
        ProductKernel.MultiplyAdd(e, count, matrix, rows, columns, z);
    }

    /// <summary>A party's f-share of the product <c>beaver</c>: its share of the table less its share of a fresh matrix b; rows × columns words.</summary>
    public static void FShare(ReadOnlySpan<uint> matrix, ReadOnlySpan<uint> b, Span<uint> f) => FieldVector.Sub(matrix, b, f);

    /// <summary>
    /// A party's answer share of the product <c>beaver</c>: z = eᵀb + (a + e)ᵀf + c, which with c through aᵀb is a line through
    /// (e + a)ᵀ(f + b). Of these, e and f are opened and a, b and c are the party's shares.
    /// </summary>
    /// <param name="e">count × rows.</param>
    /// <param name="f">count × rows × columns.</param>
    /// <param name="count">How many rows were asked for.</param>
    /// <param name="rows">Rows of the table.</param>
    /// <param name="columns">Words of a record.</param>
    /// <param name="a">count × rows, from the stock; overwritten.</param>
    /// <param name="b">count × rows × columns, from the stock.</param>
    /// <param name="c">count × columns, from the stock.</param>
    /// <param name="z">count × columns; may be the same words as c.</param>
    public static void BeaverAnswerShare(ReadOnlySpan<uint> e, ReadOnlySpan<uint> f, int count, int rows, int columns, Span<uint> a, ReadOnlySpan<uint> b,
        ReadOnlySpan<uint> c, Span<uint> z)
    {
        FieldVector.Add(a, e, a);
        c.CopyTo(z);
        for (int i = 0; i < count; i++)
        {
            Span<uint> answer = z.Slice(i * columns, columns);
            ProductKernel.MultiplyAdd(e.Slice(i * rows, rows), 1, b.Slice(i * rows * columns, rows * columns), rows, columns, answer);
            ProductKernel.MultiplyAdd(a.Slice(i * rows, rows), 1, f.Slice(i * rows * columns, rows * columns), rows, columns, answer);
        }
    }

    /// <summary>The client's opening, from any two answer shares; with three, checked. An absent share is empty.</summary>
    /// <exception cref="OffTheLineException">The three are not on a line, or a share has a word that is no element.</exception>
    public static OpenedAnswer OpenAnswer(ReadOnlySpan<uint> z1, ReadOnlySpan<uint> z2, ReadOnlySpan<uint> z3)
    {
        uint[] words = new uint[Math.Max(z1.Length, z2.Length)];
        return new OpenedAnswer(words, Open("answer check", z1, z2, z3, words));
    }

    private static bool Open(string check, ReadOnlySpan<uint> y1, ReadOnlySpan<uint> y2, ReadOnlySpan<uint> y3, Span<uint> words)
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

        return present == 3;
    }
}
