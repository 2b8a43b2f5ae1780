using CsCheck;
using Trident.Protocol.Collections;
using Trident.Protocol.Field;
using Xunit;

namespace Trident.Client.Tests;

public sealed class TopKTests
{
    [Fact]
    public void It_is_what_sorting_by_score_and_row_gives()
    {
        // Few values make many ties; the ends of the range are where an order goes wrong.
        Gen<uint> any = Gen.UInt[0, Mersenne31.P - 1];
        Gen<uint> few = Gen.OneOf(Array.ConvertAll<uint, Gen<uint>>([0, 1, Mersenne31.P - 1, ScoreScale.Limit, ScoreScale.Limit + 1u, 1u << 30, 77], Gen.Const));
        Gen<uint[]> words = Gen.OneOf(any.Array[1, 300], few.Array[1, 300], Gen.OneOf(any, few).Array[1, 300]);
        words.SelectMany(w => Gen.Int[1, w.Length], (w, k) => (Words: w, K: k)).Sample(
            x => Check(x.Words, x.K), iter: 3000);
    }

    [Fact]
    public void Many_scores_and_all_of_them()
    {
        Random random = new(20261124);
        uint[] words = [.. Enumerable.Range(0, 100_003).Select(_ => (uint)random.Next(int.MaxValue))];
        foreach (int k in (int[])[1, 14, 1125, words.Length])
        {
            Check(words, k);
        }
    }

    [Fact]
    public void Where_all_are_equal_the_first_rows_are_taken()
    {
        uint[] words = [.. Enumerable.Repeat(Mersenne31.P - 5, 1000)];
        (int[] rows, int largest) = Select(words, 17);
        Assert.Equal(Enumerable.Range(0, 17), rows);
        Assert.Equal(-5, largest);
    }

    private static (int[] Rows, int Largest) Select(uint[] words, int k)
    {
        TopK.Selection selection = TopK.Smallest([.. words], k);
        return (selection.Rows, selection.Largest);
    }

    private static void Check(uint[] words, int k)
    {
        int[] order = [.. Enumerable.Range(0, words.Length).OrderBy(i => ScoreScale.Score(words[i])).ThenBy(i => i).Take(k)];
        (int[] rows, int largest) = Select(words, k);
        Assert.Equal(order.Order(), rows);
        Assert.Equal(ScoreScale.Score(words[order[^1]]), largest);
    }
}
