using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Trident.Grains.Exchange;
using Trident.Protocol.Wire;

namespace Trident.Silo;

/// <summary>
/// Reads frames from a connection, one after another, and acknowledges each. The header is checked before any of the body is
/// read, and what is being read and not yet authenticated is bounded over all connections.
/// </summary>
public sealed class ExchangeConnectionHandler(FrameReceiver receiver, LinkSession session, ExchangeOptions options) : ConnectionHandler
{
    private long _unauthenticated;

    /// <inheritdoc/>
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        PipeReader input = connection.Transport.Input;
        try
        {
            while (await ServeOneAsync(input, connection.Transport.Output, connection.ConnectionClosed))
            {
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ConnectionResetException or ConnectionAbortedException or IOException)
        {
            // The peer went away or was too slow. What it had sent whole was handed on; the rest is nothing.
        }
    }

    private async Task<bool> ServeOneAsync(PipeReader input, PipeWriter output, CancellationToken closed)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(closed);
        limit.CancelAfter(options.StepTimeout);
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
            await output.WriteAsync(LinkSession.Refusal(reason), limit.Token);
            return false;
        }

        reason = receiver.Admit(header);
        if (reason != AckReason.Ok)
        {
            return await RefuseAsync(header, reason, output, limit.Token);
        }

        long size = header.SealedLength;
        if (Interlocked.Add(ref _unauthenticated, size) > Math.Max(options.UnauthenticatedBytes, size))
        {
            Interlocked.Add(ref _unauthenticated, -size);
            return await RefuseAsync(header, AckReason.MailboxFull, output, limit.Token);
        }

        try
        {
            limit.CancelAfter(options.StepTimeout);
            read = await input.ReadAtLeastAsync((int)size, limit.Token);
            if (read.Buffer.Length < size)
            {
                return await RefuseAsync(header, AckReason.BadFrame, output, limit.Token);
            }

            ReadOnlySequence<byte> body = read.Buffer.Slice(0, size);
            reason = Accept(header, body);
            input.AdvanceTo(body.End);
        }
        finally
        {
            Interlocked.Add(ref _unauthenticated, -size);
        }

        if (reason != AckReason.Ok)
        {
            return await RefuseAsync(header, reason, output, limit.Token);
        }

        await output.WriteAsync(session.SealAck(header, AckReason.Ok), limit.Token);
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

    private async Task<bool> RefuseAsync(FrameHeader header, AckReason reason, PipeWriter output, CancellationToken cancellationToken)
    {
        receiver.Refuse(reason, header);
        await output.WriteAsync(session.SealAck(header, reason), cancellationToken);
        return false;
    }
}
