using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Trident.Abstractions;
using Trident.Protocol.Collections;

namespace Trident.Client;

/// <summary>
/// Searches a collection in two rounds: the scores of all its vectors, then the records of those that scored best, privately as any
/// other row. Every query brings the same numbers of words and rows, whatever it is and whatever it finds.
/// </summary>
internal sealed class Searcher(Fetcher fetcher)
{
    // Requests of one batch that are under way at a time: the parties work on one while the client reads another.
    private const int RequestsUnderWay = 4;

    /// <summary>Searches for several queries.</summary>
    /// <param name="plan">The collection, its tables, and k.</param>
    /// <param name="queries">Queries of the collection's dimension.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="QueryVectorException">A query cannot be asked; nothing was sent.</exception>
    public async Task<SearchResult[]> SearchAsync(SearchPlan plan, IReadOnlyList<ReadOnlyMemory<float>> queries, CancellationToken cancellationToken)
    {
        Asked[] asked = new Asked[queries.Count];
        try
        {
            for (int i = 0; i < asked.Length; i++)
            {
                asked[i] = Encode(plan, queries[i].Span, queries.Count > 1 ? i : null);
            }

            SearchResult[] results = new SearchResult[asked.Length];
            await Parallel.ForEachAsync(
                Enumerable.Range(0, asked.Length).Chunk(plan.QueriesARequest),
                new ParallelOptions { MaxDegreeOfParallelism = RequestsUnderWay, CancellationToken = cancellationToken },
                async (group, stop) =>
                {
                    SearchResult[] found = await TogetherAsync(plan, asked.AsMemory(group[0], group.Length), stop);
                    found.CopyTo(results, group[0]);
                });
            return results;
        }
        finally
        {
            foreach (Asked one in asked)
            {
                one.Clear();
            }
        }
    }

    private static Asked Encode(SearchPlan plan, ReadOnlySpan<float> query, int? index)
    {
        double[] numbers = new double[query.Length];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = query[i];
        }

        try
        {
            return new Asked(numbers, plan.Collection.Scale.Encode(numbers));
        }
        catch (QueryVectorException e)
        {
            Array.Clear(numbers);
            if (index is not { } i)
            {
                throw;
            }

            throw new QueryVectorException($"Query {i} of {nameof(SearchAsync)}: {e.Message}");
        }
    }

    /// <summary>Queries whose scores come in one request and whose records do, too.</summary>
    private async Task<SearchResult[]> TogetherAsync(SearchPlan plan, ReadOnlyMemory<Asked> asked, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        ScoreAnswer scores = await fetcher.ScoreAsync(plan.Scores, MemoryMarshal.ToEnumerable(asked).Select(a => a.Score.Words).ToArray(), cancellationToken);
        int[] rows = new int[asked.Length * plan.Fetched];
        TopK.Selection[] selections = new TopK.Selection[asked.Length];
        Fetched fetched = default;
        try
        {
            for (int i = 0; i < selections.Length; i++)
            {
                selections[i] = TopK.Smallest(scores.Words.AsSpan(i * plan.Collection.Count, plan.Collection.Count), plan.Fetched);

                // Records that stand in one row are asked for one by one all the same: how many do is not for the parties to see.
                for (int j = 0; j < plan.Fetched; j++)
                {
                    rows[i * plan.Fetched + j] = plan.RecordRow(selections[i].Rows[j]);
                }
            }

            TimeSpan scored = Stopwatch.GetElapsedTime(started);
            fetched = await FetchAsync(plan, rows, cancellationToken);
            SearchResult[] results = new SearchResult[selections.Length];
            for (int i = 0; i < results.Length; i++)
            {
                Asked one = asked.Span[i];
                (SearchHit[] hits, bool exact) = Reranker.Rank(plan, one.Score, one.Numbers, selections[i],
                    fetched.Records.AsSpan(i * plan.Fetched, plan.Fetched));
                TimeSpan latency = Stopwatch.GetElapsedTime(started);
                results[i] = new SearchResult
                {
                    Hits = hits,
                    Exact = exact,
                    Unverified = scores.Unverified ?? fetched.Unverified,
                    Latency = latency,
                    ScoreLatency = scored,
                    RecordLatency = latency - scored,
                    Attempts = scores.Attempts + fetched.Attempts,
                    BytesToEachPeer = scores.BytesToEachPeer + fetched.BytesToEachPeer,
                    Collection = plan.Collection,
                };
            }

            return results;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(scores.Words.AsSpan()));
            Zero(fetched.Records);
            Array.Clear(rows);
            foreach (TopK.Selection selection in selections.Where(s => s.Rows is not null))
            {
                Array.Clear(selection.Rows);
            }
        }
    }

    private async Task<Fetched> FetchAsync(SearchPlan plan, int[] rows, CancellationToken cancellationToken)
    {
        int[][] parts = [.. rows.Chunk(QueryLimits.MaxRows(plan.Records))];
        FetchResult?[] results = new FetchResult?[parts.Length];
        try
        {
            await Parallel.ForEachAsync(
                Enumerable.Range(0, parts.Length),
                new ParallelOptions { MaxDegreeOfParallelism = RequestsUnderWay, CancellationToken = cancellationToken },
                async (i, stop) => results[i] = await fetcher.FetchAsync(plan.Records, parts[i], stop));
        }
        catch
        {
            // No more parts are under way here: the loop ends when the last of them has.
            Array.ForEach(results, static r => Zero(r?.Records));
            throw;
        }
        finally
        {
            Array.ForEach(parts, static p => Array.Clear(p));
        }

        FetchResult[] all = [.. results.Select(r => r!)];
        return new Fetched(
            [.. all.SelectMany(r => r.Records)], all.Select(r => r.Unverified).FirstOrDefault(u => u is not null), all.Sum(r => r.Attempts), all.Sum(r => r.BytesToEachPeer));
    }

    private static void Zero(IReadOnlyList<byte[]>? records)
    {
        foreach (byte[] record in records ?? [])
        {
            CryptographicOperations.ZeroMemory(record);
        }
    }

    private readonly record struct Fetched(byte[][] Records, string? Unverified, int Attempts, long BytesToEachPeer);

    /// <summary>A query's numbers, and its words in the field: the secret that is shared.</summary>
    private readonly record struct Asked(double[] Numbers, ScoreQuery Score)
    {
        public void Clear()
        {
            if (Numbers is not null)
            {
                Array.Clear(Numbers);
                Array.Clear(Score.Words);
            }
        }
    }
}
