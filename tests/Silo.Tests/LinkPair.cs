using System.Security.Cryptography;
using System.Text;
using Trident.Grains.Exchange;
using Trident.Grains.Exchange.Laboratory;
using Trident.Grains.Exchange.Transports;
using Trident.Protocol.Sealing;
using Trident.Protocol.Sharing;
using Trident.Protocol.Wire;

namespace Trident.Silo.Tests;

/// <summary>Party 1's sending side towards party 2 at a port, with keys of their own.</summary>
internal sealed class LinkPair : IDisposable
{
    private readonly PairKeys _keys1 = Keys(1), _keys2 = Keys(2);

    public LinkPair(string transport, int port, Action<ExchangeOptions>? configure = null, LaboratoryOptions? laboratory = null)
    {
        Options = new ExchangeOptions { Transport = transport };
        configure?.Invoke(Options);
        Session = new LinkSession(1, _keys1, 1_000_000);
        PeerSession = new LinkSession(2, _keys2, 1_000_000);
        Peers = new PeerLinks(1, Parties(port));
        Transport = TransportNames.Create(Options, new PeerConnector(Options, new LaboratoryLinks(laboratory ?? new LaboratoryOptions())), Session);
    }

    public ExchangeOptions Options { get; }

    public LinkSession Session { get; }

    /// <summary>Party 2's session, for a test that plays party 2.</summary>
    public LinkSession PeerSession { get; }

    public PeerLinks Peers { get; }

    public PeerLink Peer => Peers[2];

    public IShareTransport Transport { get; }

    public static PairKeys Keys(int party)
    {
        byte[] Pair(int a, int b) => SHA256.HashData(Encoding.ASCII.GetBytes($"pair {Math.Min(a, b)} {Math.Max(a, b)}"));
        return new PairKeys(party, Pair(party, party == 1 ? 2 : 1), Pair(party, party == 3 ? 2 : 3));
    }

    public static PartiesDescriptor Parties(int port) => new(1, Guid.NewGuid(),
        [.. Enumerable.Range(1, 3).Select(p => new PartyEndpoint(p, "127.0.0.1", 1, 2, p == 2 ? port : 3, ""))]);

    public OutboundFrame Frame(FrameKind kind = FrameKind.Hello, byte[]? body = null, Guid? query = null, Guid? table = null)
    {
        byte[] bytes = Session.Seal(kind, 2, query ?? Guid.Empty, table ?? Guid.Empty, body ?? []);
        return new OutboundFrame(FrameHeader.Parse(bytes), bytes);
    }

    public Task<AckReason> SendAsync(OutboundFrame? frame = null, CancellationToken cancellationToken = default) =>
        Transport.SendAsync(Peer, frame ?? Frame(), cancellationToken);

    public void Dispose()
    {
        (Transport as IDisposable)?.Dispose();
        Session.Dispose();
        PeerSession.Dispose();
        _keys1.Dispose();
        _keys2.Dispose();
    }
}

/// <summary>A link that is made after the peer, whose answers need it.</summary>
internal sealed class Later : IDisposable
{
    private LinkPair? _link;

    public LinkPair Link
    {
        get => _link ?? throw new InvalidOperationException("The link is not made yet.");
        set => _link = value;
    }

    public void Dispose() => _link?.Dispose();
}
