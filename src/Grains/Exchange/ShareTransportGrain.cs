using System.Collections.Concurrent;
using Orleans.Concurrency;
using Orleans.Runtime;
using Trident.Grains.Exchange.Transports;
using Trident.Protocol.Wire;

namespace Trident.Grains.Exchange;

/// <summary>Sends a frame that waits in this silo to a peer.</summary>
[Alias("trident.IShareTransportGrain")]
public interface IShareTransportGrain : IGrainWithIntegerKey
{
    /// <summary>Sends the frame behind <paramref name="handle"/>, once.</summary>
    /// <returns>The peer's acknowledgement; <c>null</c> when it could not be reached.</returns>
    [Alias("Send")]
    Task<AckReason?> SendAsync(long handle, CancellationToken cancellationToken);
}

/// <summary>Frames that wait to be sent. A handle means nothing in any other silo.</summary>
public sealed class OutboundFrames
{
    private readonly ConcurrentDictionary<long, (int Peer, OutboundFrame Frame)> _frames = new();
    private long _next;

    /// <summary>Leaves a frame for <paramref name="peer"/> and returns its handle.</summary>
    public long Add(int peer, OutboundFrame frame)
    {
        long handle = Interlocked.Increment(ref _next);
        _frames[handle] = (peer, frame);
        return handle;
    }

    /// <summary>Takes a frame out; false when there is none behind the handle.</summary>
    public bool TryTake(long handle, out (int Peer, OutboundFrame Frame) frame) => _frames.TryRemove(handle, out frame);
}

/// <summary>
/// Carries frames to the peers. A stateless worker is not reentrant by default and has one activation per core, which
/// would mean as many exchanges in flight as cores: hence <see cref="ReentrantAttribute"/>. It is given a handle, never
/// the data, because a stateless worker may be placed in another silo, where the handle finds nothing.
/// </summary>
[StatelessWorker, Reentrant]
public sealed class ShareTransportGrain(OutboundFrames frames, FrameSender sender) : Grain, IShareTransportGrain
{
    /// <inheritdoc/>
    public async Task<AckReason?> SendAsync(long handle, CancellationToken cancellationToken) =>
        frames.TryTake(handle, out (int Peer, OutboundFrame Frame) entry)
            ? await sender.SendAsync(entry.Peer, entry.Frame, cancellationToken)
            : throw new OrleansException("There is no frame behind this handle in this silo.");
}
