using System.Collections.Concurrent;
using Trident.Protocol.Wire;

namespace Trident.Grains.Exchange;

/// <summary>Which frame: its kind, the query or batch it belongs to, and the party that sent it.</summary>
public readonly record struct MailKey(FrameKind Kind, Guid Query, int From);

/// <summary>
/// Where authenticated frames wait for the one who needs them, or he for them, whichever comes first.
/// Bounded in bytes; what nobody collects is dropped by <see cref="Sweep"/> and counted.
/// </summary>
public sealed class Mailbox(ExchangeOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<MailKey, Slot> _slots = new();
    private long _bytes;
    private long _dropped;

    /// <summary>Frames that nobody collected in time.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Bytes that wait.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Puts a frame's body in. False when the mailbox is full or the frame is there already.</summary>
    public bool TryPut(MailKey key, byte[] body)
    {
        if (Interlocked.Add(ref _bytes, body.Length) > options.MailboxBytes)
        {
            Interlocked.Add(ref _bytes, -body.Length);
            return false;
        }

        Slot slot = _slots.GetOrAdd(key, static (_, now) => new Slot(now), time.GetTimestamp());
        if (slot.Body.TrySetResult(body))
        {
            return true;
        }

        Interlocked.Add(ref _bytes, -body.Length);
        return false;
    }

    /// <summary>Waits for a frame and takes it out.</summary>
    /// <exception cref="OperationCanceledException">It did not come before <paramref name="cancellationToken"/> ended the wait.</exception>
    public async Task<byte[]> TakeAsync(MailKey key, CancellationToken cancellationToken)
    {
        Slot slot = _slots.GetOrAdd(key, static (_, now) => new Slot(now), time.GetTimestamp());
        try
        {
            return await slot.Body.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            Forget(key, slot);
        }
    }

    /// <summary>Drops what is older than the lifetime; returns how many frames that were.</summary>
    public int Sweep()
    {
        int dropped = 0;
        foreach ((MailKey key, Slot slot) in _slots)
        {
            if (slot.Body.Task.IsCompletedSuccessfully && time.GetElapsedTime(slot.Since) > options.MailboxLifetime && Forget(key, slot))
            {
                dropped++;
            }
        }

        Interlocked.Add(ref _dropped, dropped);
        return dropped;
    }

    private bool Forget(MailKey key, Slot slot)
    {
        if (!_slots.TryRemove(KeyValuePair.Create(key, slot)))
        {
            return false;
        }

        // A frame that arrives between the removal and here would keep its bytes counted: the slot is closed first.
        if (!slot.Body.TrySetCanceled() && slot.Body.Task.IsCompletedSuccessfully)
        {
            Interlocked.Add(ref _bytes, -slot.Body.Task.Result.Length);
        }

        return true;
    }

    private sealed class Slot(long since)
    {
        public long Since { get; } = since;

        public TaskCompletionSource<byte[]> Body { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
