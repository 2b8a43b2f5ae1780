namespace Trident.Grains.Stock;

/// <summary>
/// Computes one step of one batch at a time: batches would only take the cores from one another, and from queries. Of the steps that
/// wait, that of the table with the least stock comes first, so that a table whose stock is large does not hold up one that is empty.
/// </summary>
internal sealed class ComputeQueue : IDisposable
{
    // With less stock than that queries would soon wait for it, and what they gain by going first they would lose again.
    private const double UrgentBelow = 0.5;

    private readonly YieldingThread _thread = new();
    private readonly Lock _gate = new();
    private readonly PriorityQueue<TaskCompletionSource, (double Fill, long Number)> _waiting = new();
    private long _number;
    private bool _busy;

    /// <summary>Runs a step when its turn comes, on a thread that lets queries go first unless stock is low.</summary>
    /// <param name="fill">How full the table's stock is, from 0.</param>
    /// <param name="work">The step.</param>
    /// <param name="cancellationToken">Gives up before it has begun.</param>
    public async Task<T> RunAsync<T>(double fill, Func<T> work, CancellationToken cancellationToken)
    {
        TaskCompletionSource turn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_busy)
            {
                _waiting.Enqueue(turn, (fill, _number++));
            }
            else
            {
                _busy = true;
                turn.SetResult();
            }
        }

        try
        {
            await turn.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // A turn that came at that moment goes to the next one.
            if (!turn.TrySetCanceled(CancellationToken.None))
            {
                Next();
            }

            throw;
        }

        try
        {
            // On a thread of its own that waits: the pool's are for queries, and what goes on afterwards must not go on on the yielding one.
            return await Task.Factory.StartNew(() =>
            {
                if (fill < UrgentBelow)
                {
                    return work();
                }

                T result = default!;
                _thread.Run(() => result = work());
                return result;
            }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            Next();
        }
    }

    /// <summary>Ends the thread. No step may be running or waiting.</summary>
    public void Dispose() => _thread.Dispose();

    private void Next()
    {
        lock (_gate)
        {
            while (_waiting.TryDequeue(out TaskCompletionSource? turn, out _))
            {
                if (turn.TrySetResult())
                {
                    return;
                }
            }

            _busy = false;
        }
    }
}
