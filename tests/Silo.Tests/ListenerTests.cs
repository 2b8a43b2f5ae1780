using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Trident.Grains.Exchange;
using Trident.Grains.Exchange.Transports;
using Trident.Grains.Tables;
using Trident.Protocol.Product;
using Trident.Protocol.Sharing;
using Trident.Protocol.Tables;
using Trident.Protocol.Wire;
using Xunit;

namespace Trident.Silo.Tests;

/// <summary>Every transport against the silo's own listener, over real sockets.</summary>
public sealed class ListenerTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _directory = Directory.CreateTempSubdirectory("trident-listener-").FullName;
    private readonly PairKeys _keys = LinkPair.Keys(2);
    private LinkSession _session = null!;
    private Mailbox _mailbox = null!;
    private PeerLinks _peers = null!;
    private ServedTable _table = null!;
    private WebApplication _host = null!;
    private int _port;

    public static TheoryData<string> All => [.. TransportNames.All];

    public async Task InitializeAsync()
    {
        string file = Path.Combine(_directory, "rows.bvecs");
        await File.WriteAllBytesAsync(file, [.. Enumerable.Range(0, 64).SelectMany(i => (byte[])[2, 0, 0, 0, (byte)i, 7])]);
        DeploymentLayout layout = new(_directory);
        TableDescription description;
        using (IVectorSource source = VectorFile.Open(file))
        {
            description = TableSharer.Share(layout, Guid.NewGuid(), "rows", source, replace: false, progress: null, ct: default);
        }

        ExchangeOptions options = new() { MailboxBytes = 1 << 20 };
        _session = new LinkSession(2, _keys, 1_000_000);
        _mailbox = new Mailbox(options, TimeProvider.System);
        _peers = new PeerLinks(2, LinkPair.Parties(1));
        _table = new ServedTable(ShareFile.Open(layout.ShareFile(2, "rows", description.Version), 2), new StockLedger(2));
        FrameReceiver receiver = new(_session, _peers, new ServedTables([_table]), _mailbox, NullLogger<FrameReceiver>.Instance);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(new ExchangeConnectionHandler(receiver, _session, options));
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, o => o.UseConnectionHandler<ExchangeConnectionHandler>()));
        _host = builder.Build();
        await _host.StartAsync();
        string address = _host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        _port = new Uri(address).Port;
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        _table.Dispose();
        _session.Dispose();
        _keys.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Shares_arrive_as_they_were_sent_many_at_once(string transport)
    {
        using LinkPair link = new(transport, _port);
        (Guid Query, byte[] Body)[] shares = [.. Enumerable.Range(0, 100).Select(i => (Guid.NewGuid(), RandomNumberGenerator.GetBytes(i * 41 % 4096)))];
        AckReason[] acks = await Task.WhenAll(shares.Select(s => link.SendAsync(link.Frame(FrameKind.EShare, s.Body, s.Query, _table.Description.Version)))).WaitAsync(Patience);
        Assert.All(acks, a => Assert.Equal(AckReason.Ok, a));
        foreach ((Guid query, byte[] body) in shares)
        {
            Assert.Equal(body, await _mailbox.TakeAsync(new MailKey(FrameKind.EShare, query, 1), default).WaitAsync(Patience));
        }

        Assert.Equal(100, _peers[1].FramesIn);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Each_refusal_comes_back_with_its_reason_and_good_frames_go_on(string transport)
    {
        using LinkPair link = new(transport, _port);
        Guid version = _table.Description.Version;
        OutboundFrame good = link.Frame(FrameKind.EShare, new byte[64], Guid.NewGuid(), version);
        OutboundFrame flipped = link.Frame(FrameKind.EShare, new byte[64], Guid.NewGuid(), version);
        byte[] bytes = flipped.Bytes.ToArray();
        bytes[FrameHeader.Size + 3] ^= 1;
        (OutboundFrame Frame, AckReason Reason)[] all =
        [
            (good, AckReason.Ok),
            (good, AckReason.Replayed),
            (link.Frame(FrameKind.EShare, new byte[64], Guid.NewGuid(), Guid.NewGuid()), AckReason.UnknownTable),
            (link.Frame(FrameKind.EShare, new byte[300_000], Guid.NewGuid(), version), AckReason.TooLarge),
            (flipped with { Bytes = bytes }, AckReason.Unauthentic),
            (link.Frame(), AckReason.Ok),
        ];
        foreach ((OutboundFrame frame, AckReason reason) in all)
        {
            Assert.Equal(reason, await link.SendAsync(frame).WaitAsync(Patience));

            // Whatever the refusal did to the connection, the next frame finds a way.
            Assert.Equal(AckReason.Ok, await OnceMoreAsync(link));
        }

        Assert.Equal(4, link.Peer.FramesRefused);
        Assert.Equal(["Replayed", "TooLarge", "Unauthentic", "UnknownTable"], _peers.Refused().Keys.Order());
    }

    [Theory]
    [InlineData(TransportNames.Shared)]
    [InlineData(TransportNames.Multiplexed)]
    public async Task A_full_mailbox_or_an_unknown_table_does_not_cost_the_connection(string transport)
    {
        using LinkPair link = new(transport, _port);
        Guid version = _table.Description.Version;
        Task<AckReason>[] sends =
        [
            .. Enumerable.Range(0, 20).Select(_ => link.SendAsync(link.Frame(FrameKind.EShare, new byte[100_000], Guid.NewGuid(), version))),
            .. Enumerable.Range(0, 20).Select(_ => link.SendAsync(link.Frame(FrameKind.EShare, new byte[100_000], Guid.NewGuid(), Guid.NewGuid()))),
            .. Enumerable.Range(0, 20).Select(_ => link.SendAsync()),
        ];
        AckReason[] acks = await Task.WhenAll(sends).WaitAsync(Patience);
        Assert.Equal((10, 10), (acks[..20].Count(a => a == AckReason.Ok), acks[..20].Count(a => a == AckReason.MailboxFull)));
        Assert.All(acks[20..40], a => Assert.Equal(AckReason.UnknownTable, a));
        Assert.All(acks[40..], a => Assert.Equal(AckReason.Ok, a));
        Assert.Equal(1, link.Peer.ConnectionsOpened);
    }

    /// <summary>A multiplexed connection that the listener closes after a refusal may take one exchange with it.</summary>
    private static async Task<AckReason> OnceMoreAsync(LinkPair link)
    {
        try
        {
            return await link.SendAsync().WaitAsync(Patience);
        }
        catch (TransportException) when (link.Transport.Name == TransportNames.Multiplexed)
        {
            return await link.SendAsync().WaitAsync(Patience);
        }
    }
}
