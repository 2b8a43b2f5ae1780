using System.Net.Sockets;
using Trident.Protocol.Sealing;
using Trident.Protocol.Sharing;
using Trident.Protocol.Wire;
using Xunit;

namespace Trident.System.Tests;

/// <summary>Party 1's real listener, and a test that plays its peers, right and wrong.</summary>
public sealed class FrameRefusalTests
{
    [Fact]
    public async Task Each_bad_frame_is_refused_with_its_reason_and_harms_nobody()
    {
        await using TestDeployment deployment = new();
        await deployment.StartAsync(1);
        Guid version = deployment.Layout.Table("vectors").Version;
        int port = deployment.Parties[1].ExchangePort;
        using PartyIdentity identity = PartyIdentity.Load(deployment.Layout.IdentityFile(2));
        using PairKeys keys = identity.DerivePairKeys(deployment.Parties);
        long now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        using LinkSession older = new(2, keys, now - 60_000);
        using LinkSession session = new(2, keys, now);
        byte[] body = new byte[deployment.Plain.Length * sizeof(uint)];
        byte[] Frame(FrameKind kind = FrameKind.EShare, int to = 1, Guid? table = null, byte[]? with = null) =>
            session.Seal(kind, to, Guid.NewGuid(), table ?? version, with ?? body);

        // A good frame, and the same again: twice is a replay.
        byte[] good = Frame();
        Assert.Equal(AckReason.Ok, await SendAsync(port, good, session));
        Assert.Equal(AckReason.Replayed, await SendAsync(port, good, session));

        // A flipped bit, in the body and in the header.
        byte[] flipped = Frame();
        flipped[FrameHeader.Size + 7] ^= 1;
        Assert.Equal(AckReason.Unauthentic, await SendAsync(port, flipped, session));
        byte[] header = Frame();
        header[40] ^= 1; // within the query id
        Assert.Equal(AckReason.Unauthentic, await SendAsync(port, header, session));

        // From a peer that does not exist, and for another party.
        byte[] stranger = Frame();
        stranger[6] = 9;
        Assert.Contains(await SendAsync(port, stranger, session), (AckReason[])[AckReason.UnknownPeer, AckReason.BadFrame]);
        Assert.Equal(AckReason.UnknownPeer, await SendAsync(port, Frame(to: 3), session));

        // Of a table that is not served, larger than the table allows, no frame at all, and cut short.
        Assert.Equal(AckReason.UnknownTable, await SendAsync(port, Frame(table: Guid.NewGuid()), session));
        Assert.Equal(AckReason.TooLarge, await SendAsync(port, Frame(with: new byte[1025 * deployment.Plain.Length * sizeof(uint)]), session));
        Assert.Equal(AckReason.BadFrame, await SendAsync(port, new byte[200], session));
        Assert.Equal(AckReason.BadFrame, await SendAsync(port, Frame()[..^100], session));

        // A session that began before one that was heard is a replay of an old process.
        byte[] old = older.Seal(FrameKind.Hello, 1, Guid.Empty, Guid.Empty, []);
        Assert.Equal(AckReason.Replayed, await SendAsync(port, old, older));

        // After all that the listener still takes a good frame.
        Assert.Equal(AckReason.Ok, await SendAsync(port, Frame(), session));
    }

    [Fact]
    public async Task A_silo_of_another_deployment_on_the_same_ports_does_not_start_and_harms_nobody()
    {
        await using TestDeployment deployment = new();
        await deployment.StartAsync(1);
        await using TestDeployment other = new();
        File.Delete(other.Layout.PartiesFile);
        (other.Parties with
        {
            Parties = [.. other.Parties.Parties.Select(p => p.Party != 1 ? p : deployment.Parties[1] with { PublicKey = p.PublicKey })],
        }).Save(other.Layout.PartiesFile);
        await using SiloProcess second = SiloProcess.Start(other.Directory, 1);
        (int code, string output) = await second.ExitAsync();
        Assert.True(code == 5, output);
        Assert.Contains("port", output, StringComparison.Ordinal);

        // The first still takes a good frame.
        using PartyIdentity identity = PartyIdentity.Load(deployment.Layout.IdentityFile(2));
        using PairKeys keys = identity.DerivePairKeys(deployment.Parties);
        using LinkSession session = new(2, keys, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        byte[] frame = session.Seal(FrameKind.EShare, 1, Guid.NewGuid(), deployment.Layout.Table("vectors").Version, new byte[deployment.Plain.Length * sizeof(uint)]);
        Assert.Equal(AckReason.Ok, await SendAsync(deployment.Parties[1].ExchangePort, frame, session));
    }

    /// <summary>Sends bytes, says that no more come, and reads the acknowledgement.</summary>
    private static async Task<AckReason> SendAsync(int port, byte[] frame, LinkSession session)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));
        using TcpClient client = new();
        await client.ConnectAsync("127.0.0.1", port, limit.Token);
        NetworkStream stream = client.GetStream();
        byte[] ack = new byte[LinkSession.AckSize];
        try
        {
            await stream.WriteAsync(frame, limit.Token);
            client.Client.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // The listener refuses by the header and closes before the rest is sent; its acknowledgement may still be read.
        }

        await stream.ReadExactlyAsync(ack, limit.Token);
        return ack[5] != 0 ? (AckReason)ack[5] : session.OpenAck(ack, FrameHeader.Parse(frame));
    }
}
