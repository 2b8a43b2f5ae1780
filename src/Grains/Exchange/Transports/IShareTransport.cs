using Trident.Protocol.Wire;

namespace Trident.Grains.Exchange.Transports;

/// <summary>A sealed frame on its way to a peer.</summary>
public sealed record OutboundFrame(FrameHeader Header, ReadOnlyMemory<byte> Bytes);

/// <summary>How frames travel to a peer. The frames and acknowledgements are the same whatever the way.</summary>
public interface IShareTransport
{
    /// <summary>The name by which configuration chooses it.</summary>
    string Name { get; }

    /// <summary>Sends one frame and waits for its acknowledgement.</summary>
    /// <exception cref="TransportException">The peer cannot be reached, or broke off.</exception>
    Task<AckReason> SendAsync(PeerLink peer, OutboundFrame frame, CancellationToken cancellationToken);
}

/// <summary>A peer cannot be reached, broke off, or took longer than a step may take. The message names the peer and the step.</summary>
public sealed class TransportException(string message, Exception inner) : Exception(message, inner)
{
    /// <summary>The failure of one step towards a peer.</summary>
    public static TransportException At(PeerLink peer, string step, Exception inner) =>
        new($"Party {peer.Party} at {peer.Endpoint.Host}:{peer.Endpoint.ExchangePort}: {step} failed: {inner.Message}", inner);
}
