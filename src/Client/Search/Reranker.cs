using System.Numerics;
using System.Security.Cryptography;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;

namespace Trident.Client;

/// <summary>Makes a search's hits of the records that were fetched: exact figures from the original numbers, in double precision.</summary>
internal static class Reranker
{
    // Sums of rounded doubles may be off by so much of their size; what lies nearer to a bound than that is not called certain.
    private const double Rounding = 1e-11;

    /// <summary>The k nearest of the candidates, nearest first, ties by row.</summary>
    /// <param name="plan">The search.</param>
    /// <param name="asked">The query as it was scored.</param>
    /// <param name="query">The query's numbers.</param>
    /// <param name="selection">The rows that were chosen by score.</param>
    /// <param name="fetched">A row of the record table for each of them, in their order. Not kept.</param>
    /// <exception cref="AnswerCheckException">What was fetched is no record of the collection.</exception>
    public static (SearchHit[] Hits, bool Exact) Rank(SearchPlan plan, ScoreQuery asked, ReadOnlySpan<double> query, TopK.Selection selection,
        ReadOnlySpan<byte[]> fetched)
    {
        CollectionDescription collection = plan.Collection;
        RecordLayout layout = collection.Layout;
        Candidate[] candidates = new Candidate[fetched.Length];
        double[] numbers = new double[collection.Dimension];
        try
        {
            for (int i = 0; i < candidates.Length; i++)
            {
                byte[] record = new byte[layout.RecordBytes];
                candidates[i] = new Candidate(selection.Rows[i], record, 0, 0);
                Pick(fetched[i], plan.Place(selection.Rows[i]), record);
                VectorNumbers.Read(layout.Vector.Element, layout.VectorOf(record), numbers);
                double measure = collection.Metric.Measure(numbers, query);
                if (!double.IsFinite(measure))
                {
                    throw new AnswerCheckException("record",
                        $"A record that was fetched from collection '{collection.Name}' has no distance to the query: a party lies or is broken, or the collection was made from other vectors than its scores.");
                }

                candidates[i] = new Candidate(selection.Rows[i], record, measure, collection.Metric.Rank(measure));
            }

            Array.Sort(candidates, static (a, b) => a.Rank != b.Rank ? a.Rank.CompareTo(b.Rank) : a.Row.CompareTo(b.Row));
            return (Hits(plan, candidates), IsExact(collection, asked, selection, candidates.Length, candidates[plan.K - 1].Measure));
        }
        finally
        {
            foreach (Candidate c in candidates)
            {
                CryptographicOperations.ZeroMemory(c.Record);
            }

            Array.Clear(candidates);
            Array.Clear(numbers);
        }
    }

    private static SearchHit[] Hits(SearchPlan plan, ReadOnlySpan<Candidate> candidates)
    {
        RecordLayout layout = plan.Collection.Layout;
        SearchHit[] hits = new SearchHit[plan.K];
        try
        {
            for (int i = 0; i < hits.Length; i++)
            {
                Candidate c = candidates[i];
                hits[i] = new SearchHit(layout.IdOf(c.Record, c.Row), c.Row, c.Measure, layout.PayloadOf(c.Record),
                    layout.VectorOf(c.Record).ToArray(), layout.Vector.Element);
            }

            return hits;
        }
        catch (TableException e)
        {
            throw new AnswerCheckException("record", $"What was fetched is no record of collection '{plan.Collection.Name}': {e.Message}");
        }
    }

    /// <summary>
    /// Whether no vector that was not fetched can be nearer than the last hit. Such a vector's score is at least the largest that
    /// was chosen, and the figure that it stands for is off by no more than <see cref="ScoreQuery.Error"/>.
    /// </summary>
    internal static bool IsExact(CollectionDescription collection, ScoreQuery asked, TopK.Selection selection, int fetched, double last)
    {
        if (asked.Error == 0 || fetched == collection.Count)
        {
            return true;
        }

        // In the units that scores have: ‖x‖² − 2x·q, −x·q, −cos(x, q)·‖q‖.
        (double figure, double size) = collection.Metric switch
        {
            Metric.L2 => (last * last - asked.Square, last * last + asked.Square),
            Metric.Ip => (-last, Math.Abs(last)),
            _ => (-last * Math.Sqrt(asked.Square), Math.Sqrt(asked.Square)),
        };
        return asked.Factor * (figure + Rounding * size) < selection.Largest - asked.Error;
    }

    /// <summary>Copies one record out of a row of several. All are read; which one is kept decides a mask.</summary>
    internal static void Pick(ReadOnlySpan<byte> row, int place, Span<byte> record)
    {
        record.Clear();
        for (int i = 0; i * record.Length < row.Length; i++)
        {
            // −1 at the place, else 0.
            int mask = (int)(((long)(i ^ place) - 1) >> 63);
            ReadOnlySpan<byte> from = row.Slice(i * record.Length, record.Length);
            Vector<byte> wide = new((byte)mask);
            int at = 0;
            for (; at <= record.Length - Vector<byte>.Count; at += Vector<byte>.Count)
            {
                Span<byte> to = record[at..];
                (new Vector<byte>(to) | (new Vector<byte>(from[at..]) & wide)).CopyTo(to);
            }

            for (; at < record.Length; at++)
            {
                record[at] |= (byte)(from[at] & mask);
            }
        }
    }

    private readonly record struct Candidate(int Row, byte[] Record, double Measure, double Rank);
}
