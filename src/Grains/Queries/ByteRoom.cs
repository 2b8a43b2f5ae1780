namespace Trident.Grains.Queries;

/// <summary>Memory that many share: who finds no room waits for it, in the order of asking. Thread-safe.</summary>
/// <param name="capacity">Bytes that may be taken at a time.</param>
public sealed class ByteRoom(long capacity)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<(long Bytes, TaskCompletionSource Turn)> _line = new();
    private long _held;

    /// <summary>Bytes that are taken.</summary>
    public long Held
    {
        get { lock (_gate) { return _held; } }
    }

    /// <summary>Takes room; waits for it if need be. Who asks for more than there is gets all of it. It is given back when the room is disposed of.</summary>
    /// <exception cref="OperationCanceledException">There was no room before <paramref name="cancellationToken"/> ended the wait.</exception>
    public async Task<IDisposable> TakeAsync(long bytes, CancellationToken cancellationToken)
    {
        bytes = Math.Min(bytes, capacity);
        LinkedListNode<(long Bytes, TaskCompletionSource Turn)> place;
        lock (_gate)
        {
            place = _line.AddLast((bytes, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)));
            Admit();
        }

        try
        {
            await place.Value.Turn.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            lock (_gate)
            {
                if (place.List is null)
                {
                    _held -= bytes; // it was admitted at the same moment
                }
                else
                {
                    _line.Remove(place);
                }

                Admit();
            }

            throw;
        }

        return new Place(this, bytes);
    }

    private void Release(long bytes)
    {
        lock (_gate)
        {
            _held -= bytes;
            Admit();
        }
    }

    /// <summary>Lets those in who come next and fit. Called under the lock.</summary>
    private void Admit()
    {
        while (_line.First is { } first && _held + first.Value.Bytes <= capacity)
        {
            _line.RemoveFirst();
            _held += first.Value.Bytes;
            first.Value.Turn.SetResult();
        }
    }

    private sealed class Place(ByteRoom owner, long bytes) : IDisposable
    {
        private long _bytes = bytes;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _bytes, 0) is > 0 and long held)
            {
                owner.Release(held);
            }
        }
    }
}
