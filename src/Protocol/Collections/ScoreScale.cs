using Trident.Protocol.Field;
using Trident.Protocol.Tables;

namespace Trident.Protocol.Collections;

/// <summary>
/// How real vectors become field elements such that every score is right: no score may leave −(p−1)/2 … (p−1)/2. A score is the
/// smaller the nearer, for all metrics.
/// <para>
/// l2: the score table has d + 1 rows, −2X and n, with X = round(<see cref="Data"/>·x) and n = round(<see cref="Data"/>·<see cref="Unit"/>·‖x‖²).
/// A query is (Q, t) with Q = round(t·<see cref="Unit"/>·q), and its score −2X·Q + t·n ≈ t·Data·Unit·(‖x‖² − 2x·q), which differs from
/// t·Data·Unit·‖x − q‖² by the same for every x. The whole number t is the largest that cannot overflow, so that short queries are
/// scored as finely as long ones.
/// </para>
/// <para>
/// ip and cosine: d rows, −X; a query is Q = round(s·q) with the largest s that cannot overflow. Cosine scores unit vectors.
/// </para>
/// Whole numbers that are small enough (all u8 vectors of up to 5,497 elements are) have Data = Unit = 1, and score exactly.
/// </summary>
/// <param name="Metric">What is scored.</param>
/// <param name="Data">Field units per unit of a vector's element.</param>
/// <param name="Unit">Field units per unit of a query's element at t = 1; 1 for ip and cosine, which have no t.</param>
/// <param name="MaxNorm">An upper bound of ‖X‖ over the collection, in field units.</param>
/// <param name="Whole">Whether vectors are scored as the whole numbers that they are: a whole query then scores exactly, unless it is too long for that under ip.</param>
public sealed record ScoreScale(Metric Metric, double Data, double Unit, double MaxNorm, bool Whole)
{
    /// <summary>The largest score, and the negative of the smallest: (p − 1)/2.</summary>
    public const int Limit = (int)((Mersenne31.P - 1) / 2);

    // At a query as long as the longest vector t is this, so that rounding n costs little beside rounding X and Q.
    private const int UsualT = 64;
    private const int MaxT = 1 << 20;

    // More than the sums of squares in doubles may be off by, relative to at most 2^15.
    private const double RoundingOfNorms = 1e-6;

    /// <summary>The longest vectors that can be scored; the shortest are those of the reciprocal length. Squares of both are far from a double's ends.</summary>
    public const double MaxLength = 1e60;

    /// <summary>Rows of the score table for vectors of <paramref name="dimension"/> elements.</summary>
    public int Rows(int dimension) => Metric == Metric.L2 ? dimension + 1 : dimension;

    /// <summary>The scale with as many bits as cannot overflow.</summary>
    /// <param name="metric">What is scored.</param>
    /// <param name="element">What the vectors' elements are; u8 and i4 are scored as they are where they fit.</param>
    /// <param name="dimension">Elements of a vector.</param>
    /// <param name="maxNorm">The largest ‖x‖ of the collection, finite; not used for cosine, which scores unit vectors.</param>
    public static ScoreScale For(Metric metric, ElementKind element, int dimension, double maxNorm)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimension);
        if (metric != Metric.Cosine && !CanScale(maxNorm))
        {
            throw new ArgumentOutOfRangeException(nameof(maxNorm), maxNorm, "The largest norm is zero, or between 1e-60 and 1e60.");
        }

        double longest = metric == Metric.Cosine ? 1 : maxNorm > 0 ? maxNorm : 1;
        double share = metric == Metric.L2 ? 3 : 1;
        // Under l2 a query as long as the longest vector must fit too, and be it one that is rounded; 2 for the rounding of n and of this sum.
        double room = metric == Metric.L2 ? Limit - 2 - (longest * Math.Sqrt(dimension)) : Limit;
        if (metric != Metric.Cosine && element is ElementKind.U8 or ElementKind.I4 && share * longest * longest <= room)
        {
            return new ScoreScale(metric, 1, 1, longest, Whole: true);
        }

        // Rounding may lengthen a vector of field units by half the root of the dimension.
        double units = Math.Sqrt(Limit / share) - Math.Sqrt(dimension);
        double data = units / longest;
        return new ScoreScale(metric, data, metric == Metric.L2 ? data / UsualT : 1, units + Math.Sqrt(dimension) / 2 + RoundingOfNorms, Whole: false);
    }

    /// <summary>Whether vectors of at most this length can be scored by l2 and ip.</summary>
    public static bool CanScale(double maxNorm) => maxNorm == 0 || maxNorm is >= 1 / MaxLength and <= MaxLength;

    /// <summary>The whole numbers X (and n) that the score table holds for a vector, before the signs.</summary>
    /// <param name="vector">d elements; for cosine not zero.</param>
    /// <param name="column">Receives <see cref="Rows"/> field elements, a column of the score table: −2X and n, or −X.</param>
    public void Column(ReadOnlySpan<double> vector, Span<uint> column)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(column.Length, Rows(vector.Length));
        double square = 0;
        foreach (double x in vector)
        {
            square += x * x;
        }

        double scale = Metric == Metric.Cosine ? Data / Math.Sqrt(square) : Data;
        long factor = Metric == Metric.L2 ? -2 : -1;
        for (int i = 0; i < vector.Length; i++)
        {
            column[i] = Element(factor * (long)Math.Round(scale * vector[i]));
        }

        if (Metric == Metric.L2)
        {
            column[^1] = Element((long)Math.Round(Data * Unit * square));
        }
    }

    /// <summary>A query as the field elements that are shared between the parties.</summary>
    /// <param name="query">d elements, finite.</param>
    /// <exception cref="QueryVectorException">Zero under cosine, or so long that a score could overflow.</exception>
    public ScoreQuery Encode(ReadOnlySpan<double> query)
    {
        double square = 0;
        bool whole = Whole;
        foreach (double q in query)
        {
            square += q * q;
            whole &= q == Math.Round(q);
        }

        double norm = Math.Sqrt(square), slack = Math.Sqrt(query.Length) / 2;
        if (!double.IsFinite(norm))
        {
            throw new QueryVectorException("The query holds a number that is not finite, or is too long to have a length.");
        }

        if (Metric == Metric.Cosine && norm == 0)
        {
            throw new QueryVectorException("The query is zero, and a zero vector has no direction for cosine to compare; ask with another vector.");
        }

        double maxSquare = Metric == Metric.L2 ? MaxNorm * MaxNorm * Unit / Data + 1 : 0;
        double factor, scale;
        long t = 0;
        if (Metric == Metric.L2)
        {
            double room = Limit - (whole ? 0 : 2 * MaxNorm * slack);
            t = (long)Math.Min(whole ? 1 : MaxT, Math.Floor(room / (maxSquare + 2 * MaxNorm * Unit * norm)));
            if (t < 1)
            {
                throw TooLong(norm, (room - maxSquare) / (2 * MaxNorm * Unit));
            }

            scale = t * Unit;
            factor = t * Data * Unit;
        }
        else
        {
            double most = Limit / Math.Max(MaxNorm, 1) - (whole ? 0 : slack);
            if (whole && norm > most)
            {
                // Still asked, in coarser steps than whole numbers.
                whole = false;
                most -= slack;
            }

            scale = whole || norm == 0 ? 1 : Math.Min(most / norm, Limit / norm);
            factor = scale * Data;
        }

        uint[] words = new uint[Rows(query.Length)];
        for (int i = 0; i < query.Length; i++)
        {
            words[i] = Element((long)Math.Round(scale * query[i]));
        }

        if (Metric == Metric.L2)
        {
            words[^1] = (uint)t;
        }

        double length = scale * norm + slack;
        double error = whole ? 0 : (MaxNorm * slack + slack * length) * (Metric == Metric.L2 ? 2 : 1) + t * 0.5;
        return new ScoreQuery(words, factor, square, error);
    }

    /// <summary>A field element as the score that it stands for, −(p−1)/2 to (p−1)/2. No branch on it.</summary>
    public static int Score(uint element) => (int)(element - (Mersenne31.P & (uint)((Limit - (int)element) >> 31)));

    private static uint Element(long value) => (uint)(value + ((long)Mersenne31.P & (value >> 63)));

    private static QueryVectorException TooLong(double norm, double most) =>
        new(FormattableString.Invariant($"The query has the length {norm:G6}; this collection can score queries of up to {most:G6} without an overflow. Are query and collection in the same units?"));
}

/// <summary>A query in the field.</summary>
/// <param name="Words">The secret vector, one element per row of the score table.</param>
/// <param name="Factor">Score units per unit of ‖x‖² − 2x·q (l2), of −x·q (ip), or of −cos(x, q)·‖q‖ (cosine).</param>
/// <param name="Square">‖q‖².</param>
/// <param name="Error">The most that a score may differ from Factor times what it stands for; 0 when scores are exact.</param>
public sealed record ScoreQuery(uint[] Words, double Factor, double Square, double Error);

/// <summary>A query vector that a collection cannot answer; the message says why.</summary>
public sealed class QueryVectorException(string message) : ArgumentException(message);
