using Trident.Abstractions;

namespace Trident.Grains.Telemetry;

/// <summary>A query as this party saw it. What it asked for is not among these: the party does not know.</summary>
/// <param name="At">When it was done.</param>
/// <param name="Id">The client's random id of the query.</param>
/// <param name="TableVersion">Version of the table asked.</param>
/// <param name="Rows">How many rows were asked for.</param>
/// <param name="Parties">The parties that the client asked.</param>
/// <param name="SealedBytes">Size of the sealed request in bytes.</param>
/// <param name="SealedEnd">Last bytes of the sealed request as they came, in hexadecimal; its first are the same in all of a client's requests.</param>
/// <param name="Outcome">As in the metrics.</param>
/// <param name="Milliseconds">Time at this party.</param>
/// <param name="Phases">Times of its phases; null when it was not answered.</param>
/// <param name="BytesSent">Bytes of frames sent to the peers for it.</param>
/// <param name="BytesReceived">Bytes of frames received from the peers for it.</param>
public sealed record SeenQuery(DateTimeOffset At, Guid Id, Guid TableVersion, int Rows, int[] Parties, int SealedBytes, string SealedEnd, string Outcome,
    double Milliseconds, PhaseTimes? Phases, long BytesSent, long BytesReceived);

/// <summary>The last queries in memory: latencies for rate and percentiles, and a few in full for the party's own page. Thread-safe.</summary>
/// <param name="time">The clock.</param>
public sealed class RecentQueries(TimeProvider time)
{
    private const int Latencies = 4096, Shown = 12, EndBytes = 16;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly (long At, double Milliseconds)[] _latencies = new (long, double)[Latencies];
    private readonly Queue<SeenQuery> _seen = new();
    private long _count;

    /// <summary>Notes a query that is done.</summary>
    public void Add(QueryRequest request, QueryAnswer answer, string outcome, TimeSpan elapsed)
    {
        bool answered = answer.Failure is null;
        SeenQuery seen = new(time.GetUtcNow(), request.QueryId, request.TableVersion, request.Count, [.. Enumerable.Range(1, 3).Where(request.Participates)],
            request.Sealed.Length, Convert.ToHexStringLower(request.Sealed.AsSpan(Math.Max(0, request.Sealed.Length - EndBytes))), outcome,
            elapsed.TotalMilliseconds, answered ? answer.Phases : null, answer.BytesSent, answer.BytesReceived);
        lock (_gate)
        {
            _seen.Enqueue(seen);
            if (_seen.Count > Shown)
            {
                _seen.Dequeue();
            }

            if (answered)
            {
                _latencies[_count++ % Latencies] = (time.GetTimestamp(), elapsed.TotalMilliseconds);
            }
        }
    }

    /// <summary>The last queries, newest first.</summary>
    public SeenQuery[] Seen()
    {
        lock (_gate)
        {
            return [.. _seen.Reverse()];
        }
    }

    /// <summary>Rate and percentiles of what was answered in the last ten seconds, or since the oldest of 4,096 queries when those are fewer.</summary>
    public LoadStatus Load()
    {
        double[] recent;
        TimeSpan span = Window;
        lock (_gate)
        {
            int held = (int)Math.Min(_count, Latencies);
            recent = [.. _latencies.AsSpan(0, held).ToArray().Where(l => time.GetElapsedTime(l.At) <= Window).Select(l => l.Milliseconds)];
            if (recent.Length == Latencies)
            {
                span = time.GetElapsedTime(_latencies[_count % Latencies].At);
            }
        }

        Array.Sort(recent);
        return new LoadStatus(recent.Length / Math.Max(span.TotalSeconds, 1e-3), At(0.5), At(0.95));

        double At(double quantile) => recent.Length == 0 ? 0 : recent[Math.Min(recent.Length - 1, (int)Math.Ceiling(quantile * recent.Length) - 1)];
    }
}
