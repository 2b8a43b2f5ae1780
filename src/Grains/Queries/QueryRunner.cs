using System.Buffers;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Trident.Abstractions;
using Trident.Grains.Exchange;
using Trident.Grains.Tables;
using Trident.Protocol.Product;
using Trident.Protocol.Sealing;
using Trident.Protocol.Selection;
using Trident.Protocol.Wire;

namespace Trident.Grains.Queries;

/// <summary>Sends an e-share to a peer; the query grain does it through the transport grain.</summary>
public delegate Task<AckReason?> SendShare(int peer, OutboundFrame frame, CancellationToken cancellationToken);

/// <summary>
/// Answers one query at one party: opens the request, evaluates the keys, masks with stock, exchanges, multiplies once and
/// seals the answer share (docs/protocol.md, Answering). Order matters in one place: the stock item is gone from the
/// ledger before e leaves the process.
/// </summary>
public sealed partial class QueryRunner(ServedTables tables, PartySeal seal, PeerLinks peers, FrameSender frames, Mailbox mailbox,
    PartyCounters counters, ExchangeOptions options, ILogger<QueryRunner> log)
{
    private const long MaxWordsPerQuery = 1L << 27;
    private readonly SemaphoreSlim _slots = new(options.MaxConcurrentQueries);

    /// <summary>Answers, or says why not; throws nothing.</summary>
    public async Task<QueryAnswer> RunAsync(QueryRequest request, SendShare send, CancellationToken cancellationToken)
    {
        if (!counters.TryBegin(request.QueryId))
        {
            return QueryAnswer.Refused(QueryFailureKind.AlreadyAnswered, "This query id was asked before; a query is answered once.");
        }

        int deadline = Math.Clamp(request.DeadlineMilliseconds, 1, 300_000);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(deadline);
        QueryAnswer answer;
        try
        {
            await _slots.WaitAsync(limit.Token);
            try
            {
                answer = await AnswerAsync(request, send, limit.Token);
            }
            finally
            {
                _slots.Release();
            }
        }
        catch (OperationCanceledException)
        {
            answer = QueryAnswer.Refused(QueryFailureKind.Deadline, $"The query was not answered within its {deadline} ms.");
        }
        catch (SealingException e)
        {
            answer = QueryAnswer.Refused(QueryFailureKind.BadRequest, e.Message);
        }
        catch (SelectorKeyException e)
        {
            answer = QueryAnswer.Refused(QueryFailureKind.BadKey, e.Message);
        }
        catch (FormatException e)
        {
            answer = QueryAnswer.Refused(QueryFailureKind.BadRequest, e.Message);
        }
        catch (TicketException e)
        {
            answer = QueryAnswer.Refused(e.Kind == TicketRefusal.Used ? QueryFailureKind.UsedTicket : QueryFailureKind.UnknownTicket, e.Message);
        }
        catch (OffTheLineException e)
        {
            OffTheLine(log, request.QueryId, e.Message);
            answer = QueryAnswer.Refused(QueryFailureKind.OffTheLine, e.Message);
        }
        catch (Exception e)
        {
            // The client gets no stack trace; the operator does.
            Unexpected(log, e, request.QueryId);
            answer = QueryAnswer.Refused(QueryFailureKind.Internal, "The party failed; its log says why.");
        }

        Interlocked.Increment(ref answer.Failure is not null ? ref counters.Failed : ref answer.AllAgreed ? ref counters.Answered : ref counters.Degraded);
        return answer;
    }

    private async Task<QueryAnswer> AnswerAsync(QueryRequest request, SendShare send, CancellationToken cancellationToken)
    {
        if (tables.Find(request.TableVersion) is not { } table)
        {
            return QueryAnswer.Refused(QueryFailureKind.UnknownTable, $"Party {peers.Party} serves no table of version {request.TableVersion}.");
        }

        int rows = table.Description.Rows, columns = table.Description.Words, count = request.Count;
        if (count is < 1 or > QueryPlaintext.MaxCount || (long)count * rows > MaxWordsPerQuery)
        {
            return QueryAnswer.Refused(QueryFailureKind.BadRequest,
                $"A query of {count} rows is too large for a table of {rows} rows; ask for at most {Math.Min(QueryPlaintext.MaxCount, MaxWordsPerQuery / rows)}.");
        }

        byte[] aad = QueryPlaintext.Aad(peers.Party, request.QueryId, request.TableVersion, count);
        byte[] plaintext = seal.OpenRequest(request.Sealed, aad, out AnswerSealer sealer);
        int words = count * rows;
        uint[] e = ArrayPool<uint>.Shared.Rent(words);
        uint[] mask = ArrayPool<uint>.Shared.Rent(rows);
        uint[] c = new uint[count * columns];
        try
        {
            QueryPlaintext query = QueryPlaintext.Parse(plaintext, count);
            await WaitForBatchesAsync(table, query, cancellationToken);
            long t0 = Stopwatch.GetTimestamp();
            EvaluateKeys(query, rows, e);
            long t1 = Stopwatch.GetTimestamp();
            Mask(table, query, e, mask, c);
            long t2 = Stopwatch.GetTimestamp();

            (byte[]?[] shares, long sent, long received) = await ExchangeAsync(request, table, e.AsMemory(0, words), send, cancellationToken);
            if (shares.All(s => s is null))
            {
                return QueryAnswer.Refused(QueryFailureKind.NoPeers, $"No peer's share reached party {peers.Party}; two parties are needed.");
            }

            long t3 = Stopwatch.GetTimestamp();
            byte[] answer = Reconstruct(table, count, e.AsSpan(0, words), shares, c, out bool agreed);
            byte[] sealedAnswer = sealer.Seal(answer, aad);
            CryptographicOperations.ZeroMemory(answer);
            long t4 = Stopwatch.GetTimestamp();
            return new QueryAnswer(sealedAnswer, agreed, new PhaseTimes(Ms(t0, t1), Ms(t1, t2), Ms(t2, t3), Ms(t3, t4)), sent, received, null);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plaintext);
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(e.AsSpan(0, words)));
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(mask.AsSpan(0, rows)));
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(c.AsSpan()));
            ArrayPool<uint>.Shared.Return(e);
            ArrayPool<uint>.Shared.Return(mask);
        }

        static double Ms(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalMilliseconds;
    }

    /// <summary>A party may finish a batch a moment after another has begun to give out its tickets: that moment is waited for.</summary>
    private async Task WaitForBatchesAsync(ServedTable table, QueryPlaintext query, CancellationToken cancellationToken)
    {
        using CancellationTokenSource grace = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        grace.CancelAfter(options.Grace);
        while (true)
        {
            Task changed = table.StockChanged;
            bool all = true;
            for (int i = 0; i < query.Count && all; i++)
            {
                all = table.Ledger.Knows(new BatchId(query.Batch(i)));
            }

            if (all)
            {
                return;
            }

            try
            {
                await changed.WaitAsync(grace.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return; // the ledger then refuses the ticket, and says why
            }
        }
    }

    private void EvaluateKeys(QueryPlaintext query, int rows, uint[] v)
    {
        for (int i = 0; i < query.Count; i++)
        {
            using SelectorKey key = SelectorKey.Parse(query.Key(i), peers.Party, rows);
            key.Evaluate(v.AsSpan(i * rows, rows));
        }
    }

    private static void Mask(ServedTable table, QueryPlaintext query, uint[] e, uint[] mask, uint[] c)
    {
        int rows = table.Description.Rows, columns = table.Description.Words;
        for (int i = 0; i < query.Count; i++)
        {
            using StockItem item = table.Ledger.Take(new Ticket(new BatchId(query.Batch(i)), query.Item(i)));
            item.OpenMask(mask.AsSpan(0, rows));
            Span<uint> row = e.AsSpan(i * rows, rows);
            Answering.EShare(row, mask.AsSpan(0, rows), row);
            item.C.CopyTo(c.AsSpan(i * columns, columns));
        }
    }

    private async Task<(byte[]?[] Shares, long Sent, long Received)> ExchangeAsync(QueryRequest request, ServedTable table,
        ReadOnlyMemory<uint> e, SendShare send, CancellationToken cancellationToken)
    {
        byte[]?[] shares = new byte[]?[4];
        PeerLink[] asked = [.. peers.All.Where(p => request.Participates(p.Party) && p.Up)];
        if (asked.Length == 0)
        {
            return (shares, 0, 0);
        }

        long sent = 0;
        using CancellationTokenSource grace = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] sends = new Task[asked.Length];
        Task<byte[]?>[] receives = new Task<byte[]?>[asked.Length];
        for (int i = 0; i < asked.Length; i++)
        {
            PeerLink peer = asked[i];
            OutboundFrame frame = frames.Seal(FrameKind.EShare, peer.Party, request.QueryId, request.TableVersion, MemoryMarshal.AsBytes(e.Span));
            Interlocked.Add(ref sent, frame.Bytes.Length);
            receives[i] = ReceiveAsync(request.QueryId, peer, e.Length * sizeof(uint), grace.Token);
            sends[i] = send(peer.Party, frame, cancellationToken);
        }

        // The first share is waited for until the deadline; the second for a grace, and not at all once its sender is down.
        HashSet<Task<byte[]?>> open = [.. receives];
        int got = 0;
        while (open.Count > 0)
        {
            Task<byte[]?> done = await Task.WhenAny(open);
            open.Remove(done);
            if (await done is not null && ++got == 1 && open.Count > 0)
            {
                grace.CancelAfter(options.Grace);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        long received = 0;
        for (int i = 0; i < asked.Length; i++)
        {
            shares[asked[i].Party] = await receives[i];
            received += shares[asked[i].Party] is { } share ? FrameHeader.Size + FrameHeader.TagSize + share.Length : 0;
        }

        // A peer that does not take our share harms its own answer, not ours; but the sends must not outlive the query.
        if (got == asked.Length)
        {
            try
            {
                await Task.WhenAll(sends);
            }
            catch (Exception unsent) when (!cancellationToken.IsCancellationRequested)
            {
                SendFailed(log, unsent, request.QueryId);
            }
        }

        return (shares, sent, received);
    }

    private async Task<byte[]?> ReceiveAsync(Guid query, PeerLink peer, int length, CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, peer.WhileUp);
        try
        {
            byte[] share = await mailbox.TakeAsync(new MailKey(FrameKind.EShare, query, peer.Party), either.Token);
            return share.Length == length
                ? share
                : throw new OffTheLineException($"e-share check: party {peer.Party} sent {share.Length} bytes where {length} belong");
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private byte[] Reconstruct(ServedTable table, int count, Span<uint> own, byte[]?[] shares, uint[] c, out bool agreed)
    {
        int rows = table.Description.Rows, columns = table.Description.Words;
        OpenedE opened = Answering.OpenE(peers.Party, own, Words(shares, peers.Party == 1 ? 2 : 1), Words(shares, peers.Party == 3 ? 2 : 3));
        agreed = opened.AllAgreed;
        byte[] answer = new byte[count * columns * sizeof(uint)];
        Answering.AnswerShare(opened.E, count, table.File.Matrix, rows, columns, c, MemoryMarshal.Cast<byte, uint>(answer.AsSpan()));
        return answer;

        static ReadOnlySpan<uint> Words(byte[]?[] shares, int party) => MemoryMarshal.Cast<byte, uint>(shares[party]);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Query {Query} ended: {Reason}")]
    private static partial void OffTheLine(ILogger logger, Guid query, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A share of query {Query} was not sent")]
    private static partial void SendFailed(ILogger logger, Exception exception, Guid query);

    [LoggerMessage(Level = LogLevel.Error, Message = "Query {Query} failed")]
    private static partial void Unexpected(ILogger logger, Exception exception, Guid query);
}
