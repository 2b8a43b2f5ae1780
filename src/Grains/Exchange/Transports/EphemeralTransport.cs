using Trident.Protocol.Wire;

namespace Trident.Grains.Exchange.Transports;

/// <summary>
/// A fresh connection per exchange: connect, send, await the acknowledgement, close. Exchanges never queue behind one another.
/// </summary>
public sealed class EphemeralTransport(PeerConnector connector, LinkSession session) : IShareTransport
{
    /// <inheritdoc/>
    public string Name => TransportNames.Ephemeral;

    /// <inheritdoc/>
    public async Task<AckReason> SendAsync(PeerLink peer, OutboundFrame frame, CancellationToken cancellationToken)
    {
        using LinkConnection connection = await connector.ConnectAsync(peer, cancellationToken);
        return await connection.ExchangeAsync(frame, session, cancellationToken);
    }
}
