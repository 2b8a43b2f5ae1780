using Trident.Abstractions;
using Trident.Console.Measuring;
using Xunit;

namespace Trident.Console.Tests;

public class LoadRunTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(500)]
    public async Task CountsRightWrongFailedAndUnverified(int concurrency)
    {
        int[] rows = [.. Enumerable.Range(0, 100)];
        int underWay = 0, most = 0;
        async Task<Answer> FetchAsync(int row, CancellationToken stop)
        {
            int now = Interlocked.Increment(ref underWay);
            InterlockedMax(ref most, now);
            await Task.Yield();
            Interlocked.Decrement(ref underWay);
            return row % 10 == 0
                ? throw new InvalidOperationException("no answer")
                : new Answer([(byte)(row % 10 == 1 ? 255 : row)], row % 10 != 2, 100);
        }

        long last = 0;
        LoadResult result = await LoadRun.RunAsync(
            rows, concurrency, FetchAsync, (row, record) => record[0] == row, (done, total) => InterlockedMax(ref last, done), default);

        Assert.Equal((100, 80L, 10L, 10L, 10L), (result.Queries, result.Right, result.Wrong, result.Failed, result.Unverified));
        Assert.Equal("no answer", result.FirstFailure);
        Assert.Equal(100, result.BytesToPeerPerQuery);
        Assert.Equal(100, last);
        Assert.InRange(most, 1, concurrency);
    }

    [Fact]
    public async Task OverlapCountsTheFailedToo()
    {
        // All eight are under way before any ends, and none is answered: what is counted is the time of the failed.
        TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int underWay = 0;
        LoadResult result = await LoadRun.RunAsync(
            new int[8], 8,
            async (_, stop) =>
            {
                if (Interlocked.Increment(ref underWay) == 8)
                {
                    all.SetResult();
                }

                await all.Task.WaitAsync(stop);
                throw new InvalidOperationException("no answer");
            },
            null, null, default);
        Assert.Equal(8, result.Failed);
        Assert.InRange(result.Overlap, 0.001, 8);
        Assert.Equal((0, 0), (result.SuccessPercent, result.CorrectPercent));
    }

    [Fact]
    public async Task PhasesAreThoseOfTheAnswered()
    {
        LoadResult result = await LoadRun.RunAsync(
            [.. Enumerable.Range(0, 8)], 3,
            (row, _) => row % 2 == 0
                ? Task.FromException<Answer>(new InvalidOperationException("no answer"))
                : Task.FromResult(new Answer([], true, 0, new PhaseTimes(row, 1, 2, 3))),
            null, null, default);
        Assert.Equal(new PhaseSummary(4, 1, 2, 3), result.Phases);
        Assert.Equal((50, 100), (result.SuccessPercent, result.CorrectPercent));
    }

    [Fact]
    public void OverlapIsTimeInQueriesOverTimeOfTheRun()
    {
        Assert.Equal(3.5, LoadResult.MeanOverlap(TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(2)));
        Assert.Equal(0, LoadResult.MeanOverlap(TimeSpan.Zero, TimeSpan.Zero));
    }

    [Fact]
    public void PhasesAreTheMeanOfTheSlowestParty()
    {
        PhaseTimes first = PhaseSummary.Slowest([new(1, 20, 3, 0), new(2, 10, 5, 0), default]);
        Assert.Equal(new PhaseTimes(2, 20, 5, 0), first);
        Assert.Equal(new PhaseSummary(3, 15, 5, 1), PhaseSummary.Mean([first, new PhaseTimes(4, 10, 5, 2)]));
        Assert.Equal(new PhaseSummary(0, 0, 0, 0), PhaseSummary.Mean([]));
    }

    [Fact]
    public async Task EveryRowIsAskedOnce()
    {
        int[] rows = LoadRun.RandomRows(300, 1000, seed: 5);
        List<int> asked = [];
        await LoadRun.RunAsync(
            rows, 8,
            (row, _) =>
            {
                lock (asked)
                {
                    asked.Add(row);
                }

                return Task.FromResult(new Answer([], true, 0));
            },
            null, null, default);
        Assert.Equal(rows.Order(), asked.Order());
    }

    [Fact]
    public async Task CancellationEndsTheRunAndIsNoFailure()
    {
        using CancellationTokenSource stop = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => LoadRun.RunAsync(
            new int[1000], 4,
            async (_, token) =>
            {
                await stop.CancelAsync();
                token.ThrowIfCancellationRequested();
                return default;
            },
            null, null, stop.Token));
    }

    [Fact]
    public void RandomRowsStayInTheTableAndFollowTheSeed()
    {
        int[] rows = LoadRun.RandomRows(1000, 17, seed: 3);
        Assert.All(rows, r => Assert.InRange(r, 0, 16));
        Assert.Equal(rows, LoadRun.RandomRows(1000, 17, seed: 3));
        Assert.NotEqual(rows, LoadRun.RandomRows(1000, 17, seed: 4));
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (int seen = target; value > seen; seen = target)
        {
            Interlocked.CompareExchange(ref target, value, seen);
        }
    }

    private static void InterlockedMax(ref long target, long value)
    {
        for (long seen = Interlocked.Read(ref target); value > seen; seen = Interlocked.Read(ref target))
        {
            Interlocked.CompareExchange(ref target, value, seen);
        }
    }
}
