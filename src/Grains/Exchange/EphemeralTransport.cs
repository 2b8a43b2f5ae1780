using System.Net.Sockets;
using Trident.Protocol.Wire;

namespace Trident.Grains.Exchange;

/// <summary>
/// A fresh connection per exchange: connect, send, await the acknowledgement, close. Exchanges never queue behind one another.
/// </summary>
/// <remarks>
/// After the acknowledgement nothing is left to deliver, so the connection is closed by reset: an orderly close would keep
/// each port in TIME_WAIT for a minute, which at some hundred exchanges a second exhausts them.
/// </remarks>
public sealed class EphemeralTransport(ExchangeOptions options, LinkSession session) : IShareTransport
{
    /// <inheritdoc/>
    public string Name => "ephemeral";

    /// <inheritdoc/>
    public async Task<AckReason> SendAsync(PeerLink peer, OutboundFrame frame, CancellationToken cancellationToken)
    {
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (options.SendBufferBytes > 0)
        {
            socket.SendBufferSize = options.SendBufferBytes;
        }

        if (options.ReceiveBufferBytes > 0)
        {
            socket.ReceiveBufferSize = options.ReceiveBufferBytes;
        }

        string step = "connect";
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            limit.CancelAfter(options.StepTimeout);
            await socket.ConnectAsync(peer.Endpoint.Host, peer.Endpoint.ExchangePort, limit.Token);
            Interlocked.Increment(ref peer.ConnectionsOpened);

            step = "send";
            limit.CancelAfter(options.StepTimeout);
            for (ReadOnlyMemory<byte> rest = frame.Bytes; rest.Length > 0;)
            {
                rest = rest[await socket.SendAsync(rest, limit.Token)..];
            }

            step = "acknowledgement";
            limit.CancelAfter(options.StepTimeout);
            byte[] ack = new byte[LinkSession.AckSize];
            for (int have = 0; have < ack.Length;)
            {
                int read = await socket.ReceiveAsync(ack.AsMemory(have), limit.Token);
                have += read > 0 ? read : throw new EndOfStreamException("the peer closed the connection before it acknowledged");
            }

            socket.LingerState = new LingerOption(true, 0);
            AckReason reason = session.OpenAck(ack, frame.Header);
            Interlocked.Increment(ref peer.FramesOut);
            Interlocked.Add(ref peer.BytesOut, frame.Bytes.Length);
            if (reason != AckReason.Ok)
            {
                Interlocked.Increment(ref peer.ConnectionsRefused);
            }

            return reason;
        }
        catch (Exception e) when (e is SocketException or IOException or WireException
            || e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            Interlocked.Increment(ref peer.ConnectionsFailed);
            throw new TransportException($"Party {peer.Party} at {peer.Endpoint.Host}:{peer.Endpoint.ExchangePort}: {step} failed: {e.Message}", e);
        }
    }
}
