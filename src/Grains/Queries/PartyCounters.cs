using System.Collections.Concurrent;

namespace Trident.Grains.Queries;

/// <summary>This party's query counters, and the ids of the queries it answered last.</summary>
public sealed class PartyCounters
{
    private const int Remembered = 65_536;

    private readonly ConcurrentDictionary<Guid, byte> _asked = new();
    private readonly ConcurrentQueue<Guid> _order = new();

    /// <summary>Queries answered with all three shares, answered with two, and failed.</summary>
    public long Answered, Degraded, Failed;

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
