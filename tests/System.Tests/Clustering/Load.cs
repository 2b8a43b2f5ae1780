using System.Collections.Concurrent;
using System.Diagnostics;
using Trident.Client;

namespace Trident.System.Tests.Clustering;

/// <summary>Workers that each have one query under way all the time, until it is stopped; every answer is compared with the plaintext.</summary>
internal sealed class Load : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private readonly ConcurrentDictionary<TaskCompletionSource<DateTime>, bool> _waiting = new();
    private readonly Task _workers;
    private long _right;
    private long _verified;
    private long _wrong;
    private long _retried;
    private long _slowest;

    public Load(TridentClient client, TestDeployment deployment, int concurrency, int seed) =>
        _workers = Task.WhenAll(Enumerable.Range(0, concurrency).Select(w => Task.Run(() => WorkAsync(client, deployment, new Random(seed + w)))));

    public long Right => Interlocked.Read(ref _right);

    public long Verified => Interlocked.Read(ref _verified);

    public long Wrong => Interlocked.Read(ref _wrong);

    /// <summary>Queries that took more than one attempt.</summary>
    public long Retried => Interlocked.Read(ref _retried);

    /// <summary>Messages of the queries that ended in an error.</summary>
    public IReadOnlyCollection<string> Failures => _failures;

    public TimeSpan Slowest => TimeSpan.FromTicks(Interlocked.Read(ref _slowest));

    /// <summary>The next query to begin from now on whose answer all three parties gave.</summary>
    public async Task NextVerifiedAsync(TimeSpan patience)
    {
        DateTime now = DateTime.UtcNow;
        while (true)
        {
            TaskCompletionSource<DateTime> next = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting[next] = true;
            if (await next.Task.WaitAsync(patience) >= now)
            {
                return;
            }
        }
    }

    /// <summary>Waits until so many more answers were verified.</summary>
    public async Task VerifiedAsync(int more, TimeSpan patience)
    {
        for (long wanted = Verified + more; Verified < wanted;)
        {
            await NextVerifiedAsync(patience);
        }
    }

    /// <summary>Lets the queries under way end and begins no more.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_stop.IsCancellationRequested)
        {
            await _stop.CancelAsync();
            await _workers;
        }
    }

    private async Task WorkAsync(TridentClient client, TestDeployment deployment, Random random)
    {
        while (!_stop.IsCancellationRequested)
        {
            int row = random.Next(deployment.Plain.Length);
            DateTime began = DateTime.UtcNow;
            long start = Stopwatch.GetTimestamp();
            try
            {
                FetchResult result = await client.FetchAsync("vectors", row);
                Interlocked.Increment(ref result.Records[0].AsSpan().SequenceEqual(deployment.Plain[row]) ? ref _right : ref _wrong);
                Interlocked.Add(ref _retried, result.Attempts > 1 ? 1 : 0);
                if (result.Verified)
                {
                    Interlocked.Increment(ref _verified);
                    foreach (TaskCompletionSource<DateTime> waiting in _waiting.Keys)
                    {
                        _waiting.TryRemove(waiting, out _);
                        waiting.TrySetResult(began);
                    }
                }
            }
            catch (TridentException e)
            {
                _failures.Enqueue($"{began:HH:mm:ss.fff} after {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms: {e.GetType().Name}: {e.Message}");
            }

            long took = Stopwatch.GetElapsedTime(start).Ticks;
            long slowest;
            while (took > (slowest = Interlocked.Read(ref _slowest)) && Interlocked.CompareExchange(ref _slowest, took, slowest) != slowest)
            {
            }
        }
    }
}
