using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Threading.Channels;
using Trident.Abstractions;
using Trident.Protocol.Wire;

namespace Trident.Grains.Exchange.Transports;

/// <summary>
/// A connection with many exchanges under way. One loop writes frames as they come, as many in one go as wait; another reads
/// acknowledgements. The first failure ends the connection and with it every exchange on it.
/// </summary>
internal sealed class MultiplexedConnection : IDisposable
{
    // So much is gathered before it goes to the socket; beyond it the writer waits for the socket, which is the back-pressure.
    private const int GatherBytes = 128 * 1024;

    private readonly PeerLink _peer;
    private readonly LinkConnection _connection;
    private readonly LinkSession _session;
    private readonly TimeSpan _stepTimeout;
    private readonly Channel<OutboundFrame> _outbox = Channel.CreateUnbounded<OutboundFrame>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ConcurrentDictionary<ulong, Pending> _pending = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly Action<LinkConnection, ConnectionState> _onEnd;
    private Exception? _ended;

    /// <summary>Takes over an open connection; <paramref name="onEnd"/> is told when it has ended, and whether it broke.</summary>
    public MultiplexedConnection(PeerLink peer, LinkConnection connection, LinkSession session, TimeSpan stepTimeout,
        Action<LinkConnection, ConnectionState> onEnd)
    {
        (_peer, _connection, _session, _stepTimeout, _onEnd) = (peer, connection, session, stepTimeout, onEnd);
        _ = RunAsync(WriteAsync);
        _ = RunAsync(ReadAsync);
    }

    /// <summary>Whether it has not ended.</summary>
    public bool IsOpen => Volatile.Read(ref _ended) is null;

    /// <summary>Sends a frame and waits for its acknowledgement; null when the connection takes no more and nothing was sent.</summary>
    /// <exception cref="TransportException">The connection ended before it came, or it did not come in the time of a step.</exception>
    public Task<AckReason>? TryExchangeAsync(OutboundFrame frame, CancellationToken cancellationToken)
    {
        Pending pending = new(frame);
        if (!_pending.TryAdd(frame.Header.Sequence, pending))
        {
            throw new InvalidOperationException($"Frame {frame.Header.Sequence} is under way already; a frame is sent once.");
        }

        if (!_outbox.Writer.TryWrite(frame))
        {
            _pending.TryRemove(frame.Header.Sequence, out _);
            return null;
        }

        if (Volatile.Read(ref _ended) is { } ended)
        {
            // Whoever ended it meanwhile may not have seen this exchange.
            pending.Ack.TrySetException(TransportException.At(_peer, "send", ended));
        }

        return AwaitAsync(pending, cancellationToken);
    }

    /// <summary>Ends the connection; exchanges under way fail.</summary>
    public void Dispose() => End(new IOException("this party closed the connection"));

    private async Task<AckReason> AwaitAsync(Pending pending, CancellationToken cancellationToken)
    {
        try
        {
            // Given up by the caller, it stays in the list: its acknowledgement comes all the same.
            return await pending.Ack.Task.WaitAsync(_stepTimeout, cancellationToken);
        }
        catch (TimeoutException e)
        {
            End(e);
            throw TransportException.At(_peer, "acknowledgement", e);
        }
    }

    private async Task RunAsync(Func<Task> loop)
    {
        try
        {
            await loop();
        }
        catch (Exception e)
        {
            // Whatever it was ends the connection, and every exchange on it is told.
            End(e);
        }
    }

    private async Task WriteAsync()
    {
        PipeWriter writer = PipeWriter.Create(_connection.Stream, new StreamPipeWriterOptions(minimumBufferSize: 64 * 1024, leaveOpen: true));
        while (await WaitForFramesAsync())
        {
            while (_outbox.Reader.TryRead(out OutboundFrame? frame))
            {
                writer.Write(frame.Bytes.Span);
                if (writer.UnflushedBytes >= GatherBytes)
                {
                    await writer.FlushAsync(_closing.Token);
                }
            }

            await writer.FlushAsync(_closing.Token);
        }

        EndIfDone();
    }

    /// <summary>
    /// False when no more frames come. A peer closes what lies idle for the time of a step; this side takes no more frames after
    /// half of that, so that none meets a connection that is just being closed.
    /// </summary>
    private async Task<bool> WaitForFramesAsync()
    {
        using CancellationTokenSource idle = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
        idle.CancelAfter(_stepTimeout / 2);
        try
        {
            return await _outbox.Reader.WaitToReadAsync(idle.Token);
        }
        catch (OperationCanceledException) when (!_closing.IsCancellationRequested)
        {
            _outbox.Writer.TryComplete();
            return await _outbox.Reader.WaitToReadAsync(_closing.Token);
        }
    }

    private void EndIfDone()
    {
        if (_outbox.Reader.Completion.IsCompleted && _pending.IsEmpty)
        {
            End(new IOException("the connection was idle"));
        }
    }

    private async Task ReadAsync()
    {
        PipeReader reader = PipeReader.Create(_connection.Stream, new StreamPipeReaderOptions(leaveOpen: true));
        while (true)
        {
            ReadResult read = await reader.ReadAtLeastAsync(LinkSession.AckSize, _closing.Token);
            ReadOnlySequence<byte> rest = read.Buffer;
            if (rest.Length < LinkSession.AckSize)
            {
                throw new EndOfStreamException("the peer closed the connection");
            }

            for (; rest.Length >= LinkSession.AckSize; rest = rest.Slice(LinkSession.AckSize))
            {
                Take(rest.Slice(0, LinkSession.AckSize));
            }

            reader.AdvanceTo(rest.Start, rest.End);
            EndIfDone();
        }
    }

    private void Take(in ReadOnlySequence<byte> bytes)
    {
        Span<byte> ack = stackalloc byte[LinkSession.AckSize];
        bytes.CopyTo(ack);
        ulong sequence = LinkSession.AckSequence(ack);
        if (!_pending.TryRemove(sequence, out Pending? pending))
        {
            throw new InvalidDataException($"the peer acknowledged frame {sequence}, which is not under way");
        }

        try
        {
            AckReason reason = _session.OpenAck(ack, pending.Frame.Header);
            _peer.Exchanged(pending.Frame.Bytes.Length, reason);
            pending.Ack.TrySetResult(reason);
        }
        catch (WireException e)
        {
            pending.Ack.TrySetException(TransportException.At(_peer, "acknowledgement", e));
            throw;
        }
    }

    private void End(Exception reason)
    {
        if (Interlocked.CompareExchange(ref _ended, reason, null) is not null)
        {
            return;
        }

        bool broke = !_pending.IsEmpty;
        if (broke)
        {
            Interlocked.Increment(ref _peer.ConnectionsFailed);
        }

        _outbox.Writer.TryComplete();
        _closing.Cancel();
        _connection.Dispose();
        _onEnd(_connection, broke ? ConnectionState.Broken : ConnectionState.Closed);
        foreach (Pending pending in _pending.Values)
        {
            pending.Ack.TrySetException(TransportException.At(_peer, "acknowledgement", reason));
            _ = pending.Ack.Task.Exception; // its caller may have given up
        }
    }

    private sealed class Pending(OutboundFrame frame)
    {
        public OutboundFrame Frame => frame;

        public TaskCompletionSource<AckReason> Ack { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
