using System.Net.Sockets;
using Trident.Grains.Exchange.Laboratory;

namespace Trident.Grains.Exchange.Transports;

/// <summary>Opens connections to the peers' exchange ports, as every transport uses them.</summary>
public sealed class PeerConnector(ExchangeOptions options, LaboratoryLinks laboratory)
{
    /// <summary>Opens a connection.</summary>
    /// <exception cref="TransportException">It cannot be opened, or not within the time of a step.</exception>
    public async Task<LinkConnection> ConnectAsync(PeerLink peer, CancellationToken cancellationToken)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (options.SendBufferBytes > 0)
            {
                socket.SendBufferSize = options.SendBufferBytes;
            }

            if (options.ReceiveBufferBytes > 0)
            {
                socket.ReceiveBufferSize = options.ReceiveBufferBytes;
            }

            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(options.StepTimeout);
            await socket.ConnectAsync(peer.Endpoint.Host, peer.Endpoint.ExchangePort, limit.Token);
            Stream stream = await laboratory.WrapAsync(peer.Party, new NetworkStream(socket, ownsSocket: false), limit.Token);
            Interlocked.Increment(ref peer.ConnectionsOpened);
            return new LinkConnection(peer, socket, stream, options);
        }
        catch (Exception e) when (LinkConnection.IsFailure(e, cancellationToken))
        {
            socket.Dispose();
            Interlocked.Increment(ref peer.ConnectionsFailed);
            throw TransportException.At(peer, "connect", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
