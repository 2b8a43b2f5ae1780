using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Trident.Protocol.Collections;
using Trident.Protocol.Field;

namespace Trident.Client;

/// <summary>
/// The k smallest of N scores. A threshold is found by bisection, two bits a pass, and one more pass takes what lies below it: the
/// same passes over the same words whatever the scores are, because the time between a search's two rounds is seen by the parties.
/// Only where a pass writes into its k results follows from where the nearest vectors are.
/// </summary>
internal static class TopK
{
    private const int BitsAPass = 2;

    /// <summary>Rows chosen, and the score of the farthest of them.</summary>
    /// <param name="Rows">k rows, rising.</param>
    /// <param name="Largest">No row left out has a smaller score, and none with this score a smaller number than those chosen with it.</param>
    public readonly record struct Selection(int[] Rows, int Largest);

    /// <summary>Selects.</summary>
    /// <param name="scores">Scores as field elements, each below p. Overwritten with the same values in another form.</param>
    /// <param name="k">How many, 1 to the number of scores. Of equal scores the smaller rows are taken.</param>
    public static Selection Smallest(Span<uint> scores, int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, scores.Length);
        ToKeys(scores);
        ReadOnlySpan<int> keys = MemoryMarshal.Cast<uint, int>(scores);
        (int threshold, int below) = Threshold(keys, k);
        return new Selection(Take(keys, threshold, k, k - below), threshold - ScoreScale.Limit);
    }

    /// <summary>Field elements become numbers from 0 to p − 1 in the order of the scores that they stand for.</summary>
    private static void ToKeys(Span<uint> words)
    {
        Span<Vector<uint>> vectors = MemoryMarshal.Cast<uint, Vector<uint>>(words);
        Vector<uint> limit = new(ScoreScale.Limit), p = new(Mersenne31.P);
        foreach (ref Vector<uint> vector in vectors)
        {
            Vector<uint> moved = vector + limit;

            // Below p the difference wraps around and is the larger one.
            vector = Vector.Min(moved, moved - p);
        }

        foreach (ref uint word in words[(vectors.Length * Vector<uint>.Count)..])
        {
            uint moved = word + ScoreScale.Limit;
            word = Math.Min(moved, moved - Mersenne31.P);
        }
    }

    /// <summary>The k-th smallest key, and how many are smaller: the largest value that fewer than k keys lie below.</summary>
    private static (int Value, int Below) Threshold(ReadOnlySpan<int> keys, int k)
    {
        // Keys have 31 bits; the first pass looks at one of them, so that what is compared stays positive.
        (int first, _, _) = CountBelow(keys, 1 << 30, 1 << 30, 1 << 30);
        int value = Fewer(first, k) << 30;
        for (int shift = 30 - BitsAPass; shift >= 0; shift -= BitsAPass)
        {
            int step = 1 << shift;
            (int one, int two, int three) = CountBelow(keys, value + step, value + 2 * step, value + 3 * step);
            value += (Fewer(one, k) + Fewer(two, k) + Fewer(three, k)) << shift;
        }

        return (value, CountBelow(keys, value, value, value).One);
    }

    private static (int One, int Two, int Three) CountBelow(ReadOnlySpan<int> keys, int one, int two, int three)
    {
        ReadOnlySpan<Vector<int>> vectors = MemoryMarshal.Cast<int, Vector<int>>(keys);
        Vector<int> v1 = new(one), v2 = new(two), v3 = new(three);
        Vector<int> n1 = Vector<int>.Zero, n2 = Vector<int>.Zero, n3 = Vector<int>.Zero;
        foreach (Vector<int> vector in vectors)
        {
            // A comparison that holds is −1 in its lane.
            n1 -= Vector.LessThan(vector, v1);
            n2 -= Vector.LessThan(vector, v2);
            n3 -= Vector.LessThan(vector, v3);
        }

        (int One, int Two, int Three) sums = (Vector.Sum(n1), Vector.Sum(n2), Vector.Sum(n3));
        foreach (int key in keys[(vectors.Length * Vector<int>.Count)..])
        {
            sums.One += Fewer(key, one);
            sums.Two += Fewer(key, two);
            sums.Three += Fewer(key, three);
        }

        return sums;
    }

    private static int[] Take(ReadOnlySpan<int> keys, int threshold, int k, int ties)
    {
        // Every row is written where the next one taken belongs, and stays there if it is one; so the last needs a place behind the k.
        int[] slots = new int[k + 1];
        int at = 0;
        for (int i = 0; i < keys.Length; i++)
        {
            int less = Fewer(keys[i], threshold);
            int tie = Fewer((keys[i] ^ threshold) - 1, 0) & Fewer(-ties, 0);
            slots[at] = i;
            at += less | tie;
            ties -= tie;
        }

        int[] rows = slots[..k];
        Array.Clear(slots);
        return rows;
    }

    /// <summary>1 where a is less than b, else 0, without a branch; for numbers whose difference has 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Fewer(int a, int b) => (int)((uint)(a - b) >> 31);
}
