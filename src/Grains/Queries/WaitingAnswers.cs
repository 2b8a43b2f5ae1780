using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Trident.Abstractions;
using Trident.Grains.Exchange;
using Trident.Grains.Products;
using Trident.Protocol.Sealing;

namespace Trident.Grains.Queries;

/// <summary>
/// Answers of several parts that wait to be collected. A part is sealed when it is asked for, so that an answer is held once; it goes
/// with its last part, when nobody has asked for a part for a while, or at its query's deadline, whatever its client does. What all of
/// them hold is bounded: who finds no room waits for it, in the order of asking. Thread-safe.
/// </summary>
public sealed class WaitingAnswers(ExchangeOptions options, TimeProvider time) : IDisposable
{
    /// <summary>How long an answer waits for its client to ask for the next part.</summary>
    public static readonly TimeSpan PartPatience = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<Guid, Entry> _answers = new();
    private readonly ByteRoom _room = new(options.AnswerBytes);
    private long _dropped;

    /// <summary>Bytes for which room is taken.</summary>
    public long BytesHeld => _room.Held;

    /// <summary>Answers that were not collected whole in time.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Takes room for an answer; waits for it if need be. It is given back when the room is disposed of.</summary>
    /// <exception cref="AnswerRoomException">The answer is larger than all the room there is.</exception>
    /// <exception cref="OperationCanceledException">There was no room before <paramref name="cancellationToken"/> ended the wait.</exception>
    public Task<IDisposable> RoomAsync(long bytes, CancellationToken cancellationToken) => bytes <= options.AnswerBytes
        ? _room.TakeAsync(bytes, cancellationToken)
        : throw new AnswerRoomException($"An answer of {bytes:N0} bytes is larger than what may wait here, {options.AnswerBytes:N0} bytes; ask for less at once.");

    /// <summary>Keeps an answer for its client; its part 0 is sealed already. All that it is given becomes its own.</summary>
    internal void Keep(Guid query, PooledWords answer, AnswerSealer sealer, byte[] aad, IDisposable room, TimeSpan lifetime)
    {
        Entry entry = new(answer, sealer, aad, room);
        if (!_answers.TryAdd(query, entry))
        {
            entry.Dispose();
            throw new InvalidOperationException($"An answer to query {query} waits already.");
        }

        entry.DropAfter(time, lifetime, () => Drop(query, entry));
    }

    /// <summary>Seals a part of an answer, once.</summary>
    /// <param name="query">The query.</param>
    /// <param name="part">The part, from 1.</param>
    /// <param name="last">Whether it was the last part that was missing.</param>
    public QueryPart Take(Guid query, int part, out bool last)
    {
        last = false;
        if (!_answers.TryGetValue(query, out Entry? entry))
        {
            return Refused(QueryFailureKind.BadRequest, "No answer to this query waits here: it was collected, or was dropped because it was not collected in time.");
        }

        QueryPart taken = entry.Take(part, out last);
        if (last)
        {
            Forget(query, entry);
        }

        return taken;
    }

    /// <summary>Drops all answers.</summary>
    public void Dispose()
    {
        foreach ((Guid query, Entry entry) in _answers)
        {
            Forget(query, entry);
        }
    }

    private static QueryPart Refused(QueryFailureKind kind, string message) => new([], new QueryFailure(kind, message));

    private void Drop(Guid query, Entry entry)
    {
        if (Forget(query, entry))
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    private bool Forget(Guid query, Entry entry)
    {
        bool was = _answers.TryRemove(KeyValuePair.Create(query, entry));
        if (was)
        {
            entry.Dispose();
        }

        return was;
    }

    private sealed class Entry(PooledWords answer, AnswerSealer sealer, byte[] aad, IDisposable room) : IDisposable
    {
        private readonly Lock _gate = new();
        private readonly bool[] _taken = new bool[QueryAnswer.PartsOf(answer.Count)];
        private int _left = QueryAnswer.PartsOf(answer.Count) - 1;
        private Func<TimeSpan> _timeLeft = static () => PartPatience;
        private ITimer? _timer;
        private bool _gone;

        public void DropAfter(TimeProvider time, TimeSpan lifetime, Action drop)
        {
            long began = time.GetTimestamp();
            lock (_gate)
            {
                _timeLeft = () => Shorter(lifetime - time.GetElapsedTime(began), PartPatience);
                _timer = _gone ? null : time.CreateTimer(static state => ((Action)state!)(), drop, _timeLeft(), Timeout.InfiniteTimeSpan);
            }
        }

        public QueryPart Take(int part, out bool last)
        {
            last = false;
            lock (_gate)
            {
                if (_gone)
                {
                    return Refused(QueryFailureKind.Deadline, "The answer was dropped: it was not collected in time.");
                }

                if (part < 1 || part >= _taken.Length)
                {
                    return Refused(QueryFailureKind.BadRequest, $"The answer has {_taken.Length} parts; part {part} cannot be asked for.");
                }

                if (_taken[part])
                {
                    return Refused(QueryFailureKind.AlreadyAnswered, $"Part {part} of the answer was given already; a part is given once.");
                }

                _taken[part] = true;
                last = --_left == 0;
                _timer?.Change(_timeLeft(), Timeout.InfiniteTimeSpan);
                (int first, int count) = QueryAnswer.PartRange(part, answer.Count);
                return new QueryPart(sealer.Seal(part, _taken.Length, MemoryMarshal.AsBytes(answer.Span.Slice(first, count)), aad), null);
            }
        }

        private static TimeSpan Shorter(TimeSpan left, TimeSpan patience) => left <= TimeSpan.Zero ? TimeSpan.Zero : left < patience ? left : patience;

        public void Dispose()
        {
            lock (_gate)
            {
                if (!_gone)
                {
                    _gone = true;
                    _timer?.Dispose();
                    answer.Dispose();
                    sealer.Dispose();
                    room.Dispose();
                }
            }
        }
    }
}

/// <summary>An answer for which there can never be room.</summary>
public sealed class AnswerRoomException(string message) : Exception(message);
