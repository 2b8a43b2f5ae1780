using System.Collections.Concurrent;
using Trident.Abstractions;
using Trident.Grains.Telemetry;

namespace Trident.Grains.Queries;

/// <summary>This party's query counters, and the ids of the queries it answered last.</summary>
public sealed class PartyCounters
{
    private const int Remembered = 65_536;

    private readonly ConcurrentDictionary<Guid, byte> _asked = new();
    private readonly ConcurrentQueue<Guid> _order = new();

    /// <summary>Queries answered with all three shares, answered with two, and failed.</summary>
    public long Answered, Degraded, Failed;

    /// <summary>The last queries and their times.</summary>
    public RecentQueries Recent { get; } = new(TimeProvider.System);

    /// <summary>Counts a query that is done.</summary>
    public void Done(QueryRequest request, QueryAnswer answer, TimeSpan elapsed)
    {
        Interlocked.Increment(ref answer.Failure is not null ? ref Failed : ref answer.AllAgreed ? ref Answered : ref Degraded);
        PartyInstruments.Query(answer, elapsed);
        Recent.Add(request, answer, PartyInstruments.OutcomeOf(answer), elapsed);
    }

    /// <summary>
    /// Notes a query id; false when it was asked before. Beyond the last 65,536 ids this forgets; a repeated query is then
    /// still refused, because its tickets are used.
    /// </summary>
    public bool TryBegin(Guid queryId)
    {
        if (!_asked.TryAdd(queryId, 0))
        {
            return false;
        }

        _order.Enqueue(queryId);
        if (_order.Count > Remembered && _order.TryDequeue(out Guid oldest))
        {
            _asked.TryRemove(oldest, out _);
        }

        return true;
    }
}
