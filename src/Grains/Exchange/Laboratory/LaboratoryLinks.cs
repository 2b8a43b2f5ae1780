using System.Diagnostics;

namespace Trident.Grains.Exchange.Laboratory;

/// <summary>
/// Makes the links to the peers slow, on the side that opens connections: connections wait a round trip before they can be used
/// (SYN there, SYN-ACK back), what is sent is held back on its way out, and acknowledgements on their way in. Connections wait
/// in parallel for their delay; they share the link's bandwidth.
/// </summary>
/// <remarks>Not modelled: slow start, loss, jitter, and the size of packet headers. Delays are exact to about a millisecond.</remarks>
public sealed class LaboratoryLinks(LaboratoryOptions options)
{
    private readonly Direction[] _out = [.. Enumerable.Range(0, 4).Select(_ => new Direction(options))];
    private readonly Direction[] _in = [.. Enumerable.Range(0, 4).Select(_ => new Direction(options))];

    /// <summary>The connection as it is when the laboratory is off, else a slow one, after the time that its set-up takes.</summary>
    public async Task<Stream> WrapAsync(int peer, Stream stream, CancellationToken cancellationToken)
    {
        if (!options.IsOn)
        {
            return stream;
        }

        await LaboratoryClock.WaitUntilAsync(_in[peer].Deliver(0, _out[peer].Deliver(0, Stopwatch.GetTimestamp())), cancellationToken);
        return new LaboratoryStream(stream, _out[peer], _in[peer]);
    }

    /// <summary>One direction of one link: what its bandwidth is busy with, and when what enters it comes out.</summary>
    internal sealed class Direction(LaboratoryOptions options)
    {
        private readonly Lock _gate = new();
        private readonly long _delay = (long)(options.LinkDelayMs * Stopwatch.Frequency / 1000);
        private readonly double _ticksPerByte = options.LinkMegabitsPerSecond > 0 ? 8 * Stopwatch.Frequency / (options.LinkMegabitsPerSecond * 1e6) : 0;
        private long _busyUntil;

        /// <summary>When bytes that enter at a time have left this end: after all that entered before.</summary>
        public long Depart(int bytes, long entered)
        {
            lock (_gate)
            {
                _busyUntil = Math.Max(_busyUntil, entered) + (long)(bytes * _ticksPerByte);
                return _busyUntil;
            }
        }

        /// <summary>When they come out at the other end.</summary>
        public long Deliver(int bytes, long entered) => Depart(bytes, entered) + _delay;

        /// <summary>When bytes that have left come out.</summary>
        public long Arrive(long departed) => departed + _delay;
    }
}
