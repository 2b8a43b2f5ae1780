using System.Diagnostics;
using Trident.Abstractions;

namespace Trident.Console.Measuring;

/// <summary>An answer as a run counts it.</summary>
/// <param name="Record">The row's bytes.</param>
/// <param name="Verified">Whether the third party's share confirmed it.</param>
/// <param name="BytesToEachPeer">What a party sent to one peer for this query, in bytes.</param>
/// <param name="Phases">Where the parties' time went; see <see cref="PhaseSummary.Slowest"/>.</param>
public readonly record struct Answer(byte[] Record, bool Verified, long BytesToEachPeer, PhaseTimes Phases = default);

/// <summary>What a run of queries gave. Failed queries have no part in latency, phases and bytes, and count in the overlap.</summary>
public sealed record LoadResult(
    int Concurrency,
    int Queries,
    long Right,
    long Wrong,
    long Failed,
    long Unverified,
    TimeSpan Elapsed,
    LatencySummary Latency,
    double Overlap,
    PhaseSummary Phases,
    double BytesToPeerPerQuery,
    string? FirstFailure)
{
    /// <summary>Right answers per second.</summary>
    public double Throughput => Elapsed > TimeSpan.Zero ? Right / Elapsed.TotalSeconds : 0;

    /// <summary>Queries that were answered at all, rightly or wrongly, in per cent.</summary>
    public double SuccessPercent => Queries == 0 ? 0 : 100.0 * (Right + Wrong) / Queries;

    /// <summary>Answers that were right, in per cent of the answers; 0 when there were none.</summary>
    public double CorrectPercent => Right + Wrong == 0 ? 0 : 100.0 * Right / (Right + Wrong);

    /// <summary>How many queries were under way at once, on average: Little's law, the time in queries over the time of the run.</summary>
    public static double MeanOverlap(TimeSpan inQueries, TimeSpan elapsed) => elapsed > TimeSpan.Zero ? inQueries / elapsed : 0;
}

/// <summary>A closed loop: each of the workers has one query under way, all the time.</summary>
public static class LoadRun
{
    /// <summary>Asks for every row of <paramref name="rows"/> once.</summary>
    /// <param name="rows">Rows to ask for, in this order.</param>
    /// <param name="concurrency">How many queries are under way at a time; at least 1.</param>
    /// <param name="fetch">Asks one query.</param>
    /// <param name="isRight">Compares an answer with the plaintext; null counts every answer as right.</param>
    /// <param name="progress">Takes what is done and the whole.</param>
    /// <param name="stop">Gives the run up.</param>
    public static async Task<LoadResult> RunAsync(
        IReadOnlyList<int> rows,
        int concurrency,
        Func<int, CancellationToken, Task<Answer>> fetch,
        Func<int, byte[], bool>? isRight,
        Action<long, long>? progress,
        CancellationToken stop)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(concurrency, 1);
        double[] latencies = new double[rows.Count];
        Array.Fill(latencies, double.NaN);
        PhaseTimes[] phases = new PhaseTimes[rows.Count];
        int next = -1;
        long right = 0, wrong = 0, failed = 0, unverified = 0, bytes = 0, done = 0, inFailed = 0;
        string? firstFailure = null;

        async Task WorkAsync()
        {
            for (int i = Interlocked.Increment(ref next); i < rows.Count; i = Interlocked.Increment(ref next))
            {
                stop.ThrowIfCancellationRequested();
                long start = Stopwatch.GetTimestamp();
                try
                {
                    Answer answer = await fetch(rows[i], stop);
                    latencies[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                    phases[i] = answer.Phases;
                    bool equal = isRight is null || isRight(rows[i], answer.Record);
                    Interlocked.Increment(ref equal ? ref right : ref wrong);
                    Interlocked.Add(ref bytes, answer.BytesToEachPeer);
                    if (!answer.Verified)
                    {
                        Interlocked.Increment(ref unverified);
                    }
                }
                catch (Exception e) when (!stop.IsCancellationRequested)
                {
                    // A query that fails is a result of the run, whatever the reason; the first reason is shown.
                    Interlocked.Add(ref inFailed, Stopwatch.GetElapsedTime(start).Ticks);
                    Interlocked.Increment(ref failed);
                    Interlocked.CompareExchange(ref firstFailure, e.Message, null);
                }

                progress?.Invoke(Interlocked.Increment(ref done), rows.Count);
            }
        }

        long began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Math.Min(concurrency, Math.Max(rows.Count, 1))).Select(_ => Task.Run(WorkAsync, stop)));
        TimeSpan elapsed = Stopwatch.GetElapsedTime(began);
        long answered = right + wrong;
        double[] measured = [.. latencies.Where(l => !double.IsNaN(l))];
        TimeSpan inQueries = TimeSpan.FromMilliseconds(measured.Sum()) + TimeSpan.FromTicks(inFailed);
        return new LoadResult(
            concurrency, rows.Count, right, wrong, failed, unverified, elapsed,
            LatencySummary.Of(measured),
            LoadResult.MeanOverlap(inQueries, elapsed),
            PhaseSummary.Mean(phases.Where((_, i) => !double.IsNaN(latencies[i]))),
            answered == 0 ? 0 : (double)bytes / answered,
            firstFailure);
    }

    /// <summary>Rows drawn uniformly, the same for the same seed.</summary>
    public static int[] RandomRows(int count, int tableRows, int seed)
    {
        Random random = new(seed);
        int[] rows = new int[count];
        for (int i = 0; i < count; i++)
        {
            rows[i] = random.Next(tableRows);
        }

        return rows;
    }
}
