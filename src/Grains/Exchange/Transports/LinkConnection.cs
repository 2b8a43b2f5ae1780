using System.Net.Sockets;
using Trident.Grains.Exchange.Laboratory;
using Trident.Protocol.Wire;

namespace Trident.Grains.Exchange.Transports;

/// <summary>An open connection to a peer. One exchange at a time; after one that failed or was given up it is of no more use.</summary>
/// <remarks>
/// It is closed by reset. A connection is closed after its last acknowledgement, when nothing is left to deliver, or because it
/// is broken; an orderly close would keep each port in TIME_WAIT for a minute, which at some hundred exchanges a second on
/// fresh connections exhausts them.
/// </remarks>
public sealed class LinkConnection(PeerLink peer, Socket socket, Stream stream, ExchangeOptions options) : IDisposable
{
    private long _lastUse = Environment.TickCount64;

    /// <summary>Bytes both ways, behind the laboratory's delay where that is on.</summary>
    public Stream Stream => stream;

    /// <summary>
    /// Whether the connection may be used again: the peer has not closed it, and has no reason to: it closes what lies idle
    /// for the time of a step, so this side gives up at half of that.
    /// </summary>
    public bool IsFresh => TimeSpan.FromMilliseconds(Environment.TickCount64 - _lastUse) < options.StepTimeout / 2
        && stream is not LaboratoryStream { Ended: true } && !HasInput();

    /// <summary>Sends a frame and waits for its acknowledgement; each of the two steps may take <see cref="ExchangeOptions.StepTimeout"/>.</summary>
    /// <exception cref="TransportException">A step failed or took too long, or what came back is no acknowledgement of this frame.</exception>
    /// <exception cref="OperationCanceledException">Given up by the caller. The connection is out of step then.</exception>
    public async Task<AckReason> ExchangeAsync(OutboundFrame frame, LinkSession session, CancellationToken cancellationToken)
    {
        string step = "send";
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            limit.CancelAfter(options.StepTimeout);
            await stream.WriteAsync(frame.Bytes, limit.Token);
            step = "acknowledgement";
            limit.CancelAfter(options.StepTimeout);
            byte[] ack = new byte[LinkSession.AckSize];
            await stream.ReadExactlyAsync(ack, limit.Token);
            AckReason reason = session.OpenAck(ack, frame.Header);
            peer.Exchanged(frame.Bytes.Length, reason);
            _lastUse = Environment.TickCount64;
            return reason;
        }
        catch (Exception e) when (IsFailure(e, cancellationToken))
        {
            Interlocked.Increment(ref peer.ConnectionsFailed);
            throw TransportException.At(peer, step, e is EndOfStreamException
                ? new EndOfStreamException("the peer closed the connection before it acknowledged", e)
                : e);
        }
    }

    /// <summary>Closes the connection at once.</summary>
    public void Dispose()
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is closed already.
        }

        stream.Dispose();
        socket.Dispose();
    }

    /// <summary>What is the link's failure, and not the caller's giving up or a defect.</summary>
    internal static bool IsFailure(Exception e, CancellationToken callersOwn) =>
        e is SocketException or IOException or WireException || e is OperationCanceledException && !callersOwn.IsCancellationRequested;

    /// <summary>Nothing is to be read between two exchanges: what is, is the peer's end or out of step.</summary>
    private bool HasInput()
    {
        try
        {
            return socket.Poll(0, SelectMode.SelectRead);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return true;
        }
    }
}
