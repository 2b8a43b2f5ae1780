namespace Trident.Grains.Stock;

/// <summary>
/// Computes one step of one batch at a time: batches would only take the cores from one another, and from queries. Of the steps that
/// wait, that of the table with the least stock comes first, so that a table whose stock is large does not hold up one that is empty.
/// </summary>
internal sealed class ComputeQueue
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<TaskCompletionSource, (double Fill, long Number)> _waiting = new();
    private long _number;
    private bool _busy;

    /// <summary>Runs a step on the pool when its turn comes.</summary>
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
            return await Task.Run(work, CancellationToken.None);
        }
        finally
        {
            Next();
        }
    }

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
