using System.Net;
using System.Net.Sockets;
using Trident.Protocol.Wire;

namespace Trident.Silo.Tests;

/// <summary>A frame that came, and the connection it came on.</summary>
internal sealed record Arrival(FrameHeader Header, Stream Stream, int Connection)
{
    /// <summary>Answers it.</summary>
    public Task AcknowledgeAsync(LinkSession session, AckReason reason = AckReason.Ok) => Stream.WriteAsync(session.SealAck(Header, reason)).AsTask();
}

/// <summary>Party 2's exchange port in the hands of a test: it says when frames come, and answers when and as the test wants.</summary>
internal sealed class ScriptedPeer : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly Func<Arrival, Task> _onFrame;
    private readonly List<TcpClient> _clients = [];
    private readonly Task _accepting;
    private int _open, _mostOpen;

    public ScriptedPeer(Func<Arrival, Task> onFrame, int port = 0)
    {
        _onFrame = onFrame;
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Server.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Connections that came, all in all.</summary>
    public int Connections { get; private set; }

    /// <summary>The most that were open at a time.</summary>
    public int MostOpen => Volatile.Read(ref _mostOpen);

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        lock (_clients)
        {
            _clients.ForEach(c => c.Dispose());
        }

        await _accepting;
    }

    private async Task AcceptAsync()
    {
        List<Task> serving = [];
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync();
                lock (_clients)
                {
                    _clients.Add(client);
                }

                serving.Add(ServeAsync(client, ++Connections));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient client, int number)
    {
        int open = Interlocked.Increment(ref _open);
        for (int most = _mostOpen; open > most; most = _mostOpen)
        {
            Interlocked.CompareExchange(ref _mostOpen, open, most);
        }

        try
        {
            NetworkStream stream = client.GetStream();
            byte[] header = new byte[FrameHeader.Size];
            while (await stream.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false) == header.Length)
            {
                FrameHeader parsed = FrameHeader.Parse(header);
                await stream.ReadExactlyAsync(new byte[parsed.SealedLength]);
                await _onFrame(new Arrival(parsed, stream, number));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or SocketException)
        {
            // The sender reset the connection, as it does when it is done, or the test closed it.
        }
        finally
        {
            Interlocked.Decrement(ref _open);
            client.Dispose();
        }
    }
}
