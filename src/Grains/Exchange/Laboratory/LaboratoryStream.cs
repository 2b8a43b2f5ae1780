using System.Diagnostics;
using System.Threading.Channels;

namespace Trident.Grains.Exchange.Laboratory;

/// <summary>
/// A connection over a slow link. A write returns when the link has taken the bytes, as with a socket; they go on to the real
/// connection when their delay is over. Reads give bytes when theirs is.
/// </summary>
internal sealed class LaboratoryStream : Stream
{
    private readonly Stream _inner;
    private readonly LaboratoryLinks.Direction _out, _in;
    private readonly Channel<(byte[] Bytes, long Due)> _departed = Channel.CreateUnbounded<(byte[], long)>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Channel<(byte[] Bytes, long Due)> _arriving = Channel.CreateUnbounded<(byte[], long)>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _closed = new();
    private ReadOnlyMemory<byte> _rest;
    private volatile bool _ended;

    public LaboratoryStream(Stream inner, LaboratoryLinks.Direction outward, LaboratoryLinks.Direction inward)
    {
        (_inner, _out, _in) = (inner, outward, inward);
        _ = PumpOutAsync();
        _ = PumpInAsync();
    }

    /// <summary>Whether the peer closed the connection, or it failed.</summary>
    public bool Ended => _ended;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        long departed = _out.Depart(buffer.Length, Stopwatch.GetTimestamp());
        if (!_departed.Writer.TryWrite((buffer.ToArray(), _out.Arrive(departed))))
        {
            throw new IOException("the connection is closed");
        }

        await LaboratoryClock.WaitUntilAsync(departed, cancellationToken);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_rest.IsEmpty)
        {
            if (!await _arriving.Reader.WaitToReadAsync(cancellationToken))
            {
                return 0;
            }

            if (_arriving.Reader.TryRead(out (byte[] Bytes, long Due) next))
            {
                _rest = next.Bytes;
                await LaboratoryClock.WaitUntilAsync(next.Due, cancellationToken);
            }
        }

        int length = Math.Min(buffer.Length, _rest.Length);
        _rest.Span[..length].CopyTo(buffer.Span);
        _rest = _rest[length..];
        return length;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_closed.IsCancellationRequested)
        {
            _closed.Cancel();
            _departed.Writer.TryComplete();
            _inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task PumpOutAsync()
    {
        try
        {
            await foreach ((byte[] bytes, long due) in _departed.Reader.ReadAllAsync(_closed.Token))
            {
                await LaboratoryClock.WaitUntilAsync(due, _closed.Token);
                await _inner.WriteAsync(bytes, _closed.Token);
            }
        }
        catch (Exception e)
        {
            End(e);
        }
    }

    private async Task PumpInAsync()
    {
        byte[] buffer = new byte[4096];
        try
        {
            for (int read; (read = await _inner.ReadAsync(buffer, _closed.Token)) > 0;)
            {
                _arriving.Writer.TryWrite((buffer[..read], _in.Deliver(read, Stopwatch.GetTimestamp())));
            }

            End(null);
        }
        catch (Exception e)
        {
            End(e);
        }
    }

    /// <summary>Tells the reader; it is a reader's exception when the connection failed, and an end when the peer closed it.</summary>
    private void End(Exception? reason)
    {
        _ended = true;
        _departed.Writer.TryComplete();
        _arriving.Writer.TryComplete(reason is null or IOException ? reason : new IOException(reason.Message, reason));
    }
}
