using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Trident.Grains.Exchange.Transports;
using Trident.Grains.Telemetry;
using Trident.Protocol.Wire;

namespace Trident.Grains.Exchange;

/// <summary>Seals frames, sends them by the chosen transport, and keeps the peer's state by what comes back.</summary>
public sealed partial class FrameSender(IShareTransport transport, LinkSession session, PeerLinks peers, ILogger<FrameSender> log)
{
    /// <summary>Seals <paramref name="body"/> for a peer.</summary>
    public OutboundFrame Seal(FrameKind kind, int to, Guid query, Guid tableVersion, ReadOnlySpan<byte> body)
    {
        byte[] bytes = session.Seal(kind, to, query, tableVersion, body);
        return new OutboundFrame(FrameHeader.Parse(bytes), bytes);
    }

    /// <summary>Sends a sealed frame; <c>null</c> when the peer could not be reached, which marks it down.</summary>
    public async Task<AckReason?> SendAsync(int to, OutboundFrame frame, CancellationToken cancellationToken)
    {
        PeerLink peer = peers[to];
        long began = Stopwatch.GetTimestamp();
        try
        {
            AckReason reason = await transport.SendAsync(peer, frame, cancellationToken);
            PartyInstruments.Exchange(to, frame.Header.Kind, reason, began);
            if (reason == AckReason.Ok)
            {
                peer.Heard(Guid.Empty);
            }
            else
            {
                Refused(log, to, frame.Header.Kind, reason);
            }

            return reason;
        }
        catch (TransportException e)
        {
            PartyInstruments.Exchange(to, frame.Header.Kind, null, began);
            if (peer.Lost())
            {
                Down(log, to, e.Message);
            }

            return null;
        }
    }

    /// <summary>Seals and sends.</summary>
    public Task<AckReason?> SendAsync(FrameKind kind, int to, Guid query, Guid tableVersion, ReadOnlyMemory<byte> body, CancellationToken cancellationToken) =>
        SendAsync(to, Seal(kind, to, query, tableVersion, body.Span), cancellationToken);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Party {Peer} is down: {Reason}")]
    private static partial void Down(ILogger logger, int peer, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Party {Peer} refused a frame of kind {Kind}: {Reason}")]
    private static partial void Refused(ILogger logger, int peer, FrameKind kind, AckReason reason);
}
