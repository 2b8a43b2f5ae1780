using System.Diagnostics;

namespace Trident.Grains.Exchange.Laboratory;

/// <summary>
/// Waits that end within about a millisecond after their time. The runtime's own timers go by a clock that may move in steps of
/// ten milliseconds, and at each step everything that has become due wakes at once; over the four delays of an exchange that
/// would add up to a tenth of it.
/// </summary>
internal static class LaboratoryClock
{
    private static readonly object Gate = new();
    private static readonly PriorityQueue<TaskCompletionSource, long> Waits = new();
    private static Thread? _thread;

    /// <summary>Waits until a time of <see cref="Stopwatch"/>; never less.</summary>
    public static Task WaitUntilAsync(long due, CancellationToken cancellationToken)
    {
        if (Stopwatch.GetTimestamp() >= due)
        {
            return Task.CompletedTask;
        }

        TaskCompletionSource wait = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (Gate)
        {
            Waits.Enqueue(wait, due);
            if (_thread is null)
            {
                _thread = new Thread(Run) { IsBackground = true, Name = "laboratory clock", Priority = ThreadPriority.AboveNormal };
                _thread.Start();
            }

            Monitor.Pulse(Gate);
        }

        return wait.Task.WaitAsync(cancellationToken);
    }

    private static void Run()
    {
        lock (Gate)
        {
            while (true)
            {
                if (!Waits.TryPeek(out TaskCompletionSource? next, out long due))
                {
                    Monitor.Wait(Gate);
                }
                else if (Stopwatch.GetTimestamp() is long now && now < due)
                {
                    Monitor.Wait(Gate, (int)Math.Ceiling(Stopwatch.GetElapsedTime(now, due).TotalMilliseconds));
                }
                else
                {
                    Waits.Dequeue();
                    next.SetResult();
                }
            }
        }
    }
}
