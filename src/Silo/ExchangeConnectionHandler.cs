using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Trident.Grains.Exchange;
using Trident.Protocol.Wire;

namespace Trident.Silo;

/// <summary>
/// Reads frames from a connection, one after another, and acknowledges each, in order. The header is checked before any of the
/// body is read, and what is being read and not yet authenticated is bounded over all connections. A refusal that is no sign
/// of a stranger leaves the connection open: with persistent connections other exchanges may be under way on it.
/// </summary>
public sealed class ExchangeConnectionHandler(FrameReceiver receiver, LinkSession session, ExchangeOptions options) : ConnectionHandler
{
    private const long DrainBytes = 64 << 20;
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(2);
    private long _unauthenticated;

    /// <inheritdoc/>
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        PipeReader input = connection.Transport.Input;
        try
        {
            while (await ServeOneAsync(input, connection.Transport.Output))
            {
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ConnectionResetException or ConnectionAbortedException or IOException)
        {
            // The peer went away or was too slow. What it had sent whole was handed on; the rest is nothing.
        }
    }

    private async Task<bool> ServeOneAsync(PipeReader input, PipeWriter output)
    {
        // Not linked to the connection's end: that fires when the peer has sent all it will, and it is still owed its answer.
        using CancellationTokenSource limit = new(options.StepTimeout);
        ReadResult read = await input.ReadAtLeastAsync(FrameHeader.Size, limit.Token);
        if (read.Buffer.Length < FrameHeader.Size)
        {
            if (read.Buffer.Length > 0)
            {
                receiver.Refuse(AckReason.BadFrame, null);
            }

            return false;
        }

        byte[] headerBytes = read.Buffer.Slice(0, FrameHeader.Size).ToArray();
        input.AdvanceTo(read.Buffer.GetPosition(FrameHeader.Size));
        AckReason reason = FrameHeader.TryParse(headerBytes, out FrameHeader? header, out _);
        if (header is null)
        {
            receiver.Refuse(reason, null);
            return await RefuseAsync(LinkSession.Refusal(reason), input, output);
        }

        long size = header.SealedLength;
        limit.CancelAfter(options.StepTimeout);
        reason = receiver.Admit(header);
        if (reason == AckReason.UnknownTable && size <= DrainBytes)
        {
            return await PassOverAsync(header, reason, input, output, limit.Token);
        }

        if (reason != AckReason.Ok)
        {
            return await RefuseAsync(header, reason, input, output);
        }

        if (Interlocked.Add(ref _unauthenticated, size) > Math.Max(options.UnauthenticatedBytes, size))
        {
            Interlocked.Add(ref _unauthenticated, -size);
            return await PassOverAsync(header, AckReason.MailboxFull, input, output, limit.Token);
        }

        try
        {
            read = await input.ReadAtLeastAsync((int)size, limit.Token);
            if (read.Buffer.Length < size)
            {
                input.AdvanceTo(read.Buffer.End);
                return await RefuseAsync(header, AckReason.BadFrame, input, output);
            }

            ReadOnlySequence<byte> body = read.Buffer.Slice(0, size);
            reason = Accept(header, body);
            input.AdvanceTo(body.End);
        }
        finally
        {
            Interlocked.Add(ref _unauthenticated, -size);
        }

        if (!reason.LeavesConnectionOpen())
        {
            return await RefuseAsync(header, reason, input, output);
        }

        if (reason != AckReason.Ok)
        {
            receiver.Refuse(reason, header);
        }

        await output.WriteAsync(session.SealAck(header, reason), limit.Token);
        return true;
    }

    /// <summary>Refuses a frame and reads past it: the connection is in step, and others' frames may follow on it.</summary>
    private async Task<bool> PassOverAsync(FrameHeader header, AckReason reason, PipeReader input, PipeWriter output, CancellationToken cancellationToken)
    {
        for (long left = header.SealedLength; left > 0;)
        {
            ReadResult read = await input.ReadAsync(cancellationToken);
            long some = Math.Min(left, read.Buffer.Length);
            input.AdvanceTo(read.Buffer.GetPosition(some));
            left -= some;
            if (read.IsCompleted && left > 0)
            {
                return await RefuseAsync(header, AckReason.BadFrame, input, output);
            }
        }

        receiver.Refuse(reason, header);
        await output.WriteAsync(session.SealAck(header, reason), cancellationToken);
        return true;
    }

    private AckReason Accept(FrameHeader header, in ReadOnlySequence<byte> body)
    {
        if (body.IsSingleSegment)
        {
            return receiver.Accept(header, body.FirstSpan);
        }

        byte[] rented = ArrayPool<byte>.Shared.Rent((int)body.Length);
        body.CopyTo(rented);
        AckReason reason = receiver.Accept(header, rented.AsSpan(0, (int)body.Length));
        ArrayPool<byte>.Shared.Return(rented);
        return reason;
    }

    private Task<bool> RefuseAsync(FrameHeader header, AckReason reason, PipeReader input, PipeWriter output)
    {
        receiver.Refuse(reason, header);
        return RefuseAsync(session.SealAck(header, reason), input, output);
    }

    /// <summary>
    /// Sends the refusal and reads away what the peer still sends, bounded in bytes and time: closing with unread bytes would
    /// reset the connection, and the reason would be lost on the way.
    /// </summary>
    private static async Task<bool> RefuseAsync(byte[] ack, PipeReader input, PipeWriter output)
    {
        using CancellationTokenSource limit = new(DrainTime);
        await output.WriteAsync(ack, limit.Token);
        for (long drained = 0; drained < DrainBytes;)
        {
            ReadResult read = await input.ReadAsync(limit.Token);
            drained += read.Buffer.Length;
            input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                break;
            }
        }

        return false;
    }
}
