using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Trident.Abstractions;
using Trident.Grains.Exchange;
using Trident.Grains.Exchange.Transports;
using Trident.Grains.Products;
using Trident.Grains.Tables;
using Trident.Grains.Telemetry;
using Trident.Protocol.Product;
using Trident.Protocol.Sealing;
using Trident.Protocol.Selection;
using Trident.Protocol.Wire;

namespace Trident.Grains.Queries;

/// <summary>Sends an e-share to a peer; the query grain does it through the transport grain.</summary>
public delegate Task<AckReason?> SendShare(int peer, OutboundFrame frame, CancellationToken cancellationToken);

/// <summary>
/// Answers one query at one party: opens the request, evaluates the keys, masks with stock, exchanges, multiplies and
/// seals the answer share (docs/protocol.md, Answering). Order matters in one place: the stock item is gone from the
/// ledger before e leaves the process.
/// </summary>
public sealed partial class QueryRunner(ServedTables tables, PartySeal seal, PeerLinks peers, FrameSender frames, Mailbox mailbox,
    PartyCounters counters, WaitingAnswers waiting, ExchangeOptions options, ILogger<QueryRunner> log)
{
    private readonly SemaphoreSlim _slots = new(options.MaxConcurrentQueries);
    private readonly ByteRoom _memory = new(options.QueryBytes);

    /// <summary>Answers, or says why not; throws nothing.</summary>
    public async Task<QueryAnswer> RunAsync(QueryRequest request, SendShare send, CancellationToken cancellationToken)
    {
        if (!counters.TryBegin(request.QueryId))
        {
            return QueryAnswer.Refused(QueryFailureKind.AlreadyAnswered, "This query id was asked before; a query is answered once.");
        }

        long began = Stopwatch.GetTimestamp();
        using Activity? span = PartySpans.Start("trident.query", request.TraceParent, peers.Party)?.SetTag("trident.rows", request.Count);
        int deadline = Math.Clamp(request.DeadlineMilliseconds, 1, 300_000);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(deadline);
        QueryAnswer answer;
        try
        {
            answer = await AnswerAsync(request, send, () => TimeSpan.FromMilliseconds(deadline) - Stopwatch.GetElapsedTime(began), limit.Token);
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
        catch (AnswerRoomException e)
        {
            answer = QueryAnswer.Refused(QueryFailureKind.Overloaded, e.Message);
        }
        catch (TicketException e)
        {
            answer = QueryAnswer.Refused(e.Kind == TicketRefusal.Used ? QueryFailureKind.UsedTicket : QueryFailureKind.UnknownTicket, e.Message);
        }
        catch (TableChangedException e)
        {
            answer = QueryAnswer.Refused(QueryFailureKind.TableChanged, e.Message);
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

        counters.Done(request, answer, Stopwatch.GetElapsedTime(began));
        span?.SetTag("trident.outcome", PartyInstruments.OutcomeOf(answer));
        span?.SetStatus(answer.Failure is null ? ActivityStatusCode.Ok : ActivityStatusCode.Error);
        return answer;
    }

    private async Task<QueryAnswer> AnswerAsync(QueryRequest request, SendShare send, Func<TimeSpan> timeLeft, CancellationToken cancellationToken)
    {
        if (tables.Find(request.TableVersion) is not { } table)
        {
            return QueryAnswer.Refused(QueryFailureKind.UnknownTable, $"Party {peers.Party} serves no table of version {request.TableVersion}.");
        }

        int count = request.Count, most = QueryLimits.MaxRows(table.Description);
        if (count < 1 || count > most)
        {
            return QueryAnswer.Refused(QueryFailureKind.BadRequest,
                $"A query of {count} rows is too large for a table of {table.Description.Rows} rows; ask for at most {most}.");
        }

        if (request.Sealed.Length > QueryPlaintext.MaxBytes(table.Description, count) + PartySeal.RequestOverhead)
        {
            return QueryAnswer.Refused(QueryFailureKind.BadRequest,
                $"A query of {request.Sealed.Length} bytes is larger than one of {count} keys to this table can be.");
        }

        byte[] aad = QueryPlaintext.Aad(peers.Party, request.QueryId, request.TableVersion, count);
        byte[] plaintext = seal.OpenRequest(request.Sealed, aad, out AnswerSealer sealer);
        IDisposable? room = null;
        bool kept = false;
        try
        {
            QueryPlaintext query = QueryPlaintext.Parse(plaintext, count);
            await CheckTicketsAsync(table, query, cancellationToken);

            // Before any stock is used: a query that finds no room in time leaves its tickets as they were. And before it has a slot, so
            // that answers that wait for their clients hold up nobody who needs no such room.
            long words = (long)count * table.Description.Words;
            int parts = QueryAnswer.PartsOf(words);
            room = parts > 1 ? await waiting.RoomAsync(words * sizeof(uint), cancellationToken) : null;
            using IDisposable memory = await _memory.TakeAsync(PartyProduct.Bytes(table.Description, count), cancellationToken);
            await _slots.WaitAsync(cancellationToken);
            using Slot slot = new(_slots);
            using PartyProduct product = PartyProduct.Of(table, peers.Party, count);
            long t0 = Stopwatch.GetTimestamp();
            using (TridentTelemetry.Source.StartActivity("trident.select"))
            {
                product.Select(query);
            }

            long t1 = Stopwatch.GetTimestamp();
            using (TridentTelemetry.Source.StartActivity("trident.mask"))
            {
                product.Mask(query);
            }

            long t2 = Stopwatch.GetTimestamp();
            byte[]?[] shares;
            long sent, received;
            using (TridentTelemetry.Source.StartActivity("trident.exchange"))
            {
                (shares, sent, received) = await ExchangeAsync(request, product, send, cancellationToken);
            }

            if (shares.All(s => s is null))
            {
                return QueryAnswer.Refused(QueryFailureKind.NoPeers, $"No peer's share reached party {peers.Party}; two parties are needed.");
            }

            long t3 = Stopwatch.GetTimestamp();
            using Activity? last = TridentTelemetry.Source.StartActivity("trident.answer");
            product.Answer(shares[peers.Party == 1 ? 2 : 1], shares[peers.Party == 3 ? 2 : 3], out bool agreed);
            PooledWords answer = product.TakeAnswer();
            byte[] first, answerAad = QueryPlaintext.AnswerAad(aad, agreed);
            try
            {
                (int from, int some) = QueryAnswer.PartRange(0, answer.Count);
                first = sealer.Seal(0, parts, MemoryMarshal.AsBytes(answer.Span.Slice(from, some)), answerAad);
            }
            catch
            {
                answer.Dispose();
                throw;
            }

            if (parts == 1)
            {
                answer.Dispose();
            }
            else
            {
                (IDisposable its, room, kept) = (room!, null, true);
                waiting.Keep(request.QueryId, answer, sealer, answerAad, its, timeLeft());
            }

            long t4 = Stopwatch.GetTimestamp();
            return new QueryAnswer(first, agreed, new PhaseTimes(Ms(t0, t1), Ms(t1, t2), Ms(t2, t3), Ms(t3, t4)), sent, received, null, parts);
        }
        finally
        {
            if (!kept)
            {
                sealer.Dispose();
            }

            room?.Dispose();
            CryptographicOperations.ZeroMemory(plaintext);
        }

        static double Ms(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalMilliseconds;
    }

    /// <summary>
    /// Refuses tickets that are no good before anything is computed for them. A party may finish a batch a moment after another has begun
    /// to give out its tickets: a batch that is being made here is waited for.
    /// </summary>
    /// <exception cref="TicketException">The ledger refuses a ticket.</exception>
    private static async Task CheckTicketsAsync(ServedTable table, QueryPlaintext query, CancellationToken cancellationToken)
    {
        for (int i = 0; i < query.Count; i++)
        {
            Ticket ticket = query.Ticket(i);
            while (true)
            {
                Task changed = table.StockChanged;
                if (!table.Ledger.IsMaking(ticket.Batch))
                {
                    break;
                }

                await changed.WaitAsync(cancellationToken);
            }

            table.Ledger.Check(ticket);
        }
    }

    private async Task<(byte[]?[] Shares, long Sent, long Received)> ExchangeAsync(QueryRequest request, PartyProduct product,
        SendShare send, CancellationToken cancellationToken)
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
            OutboundFrame frame = frames.Seal(product.Kind, peer.Party, request.QueryId, request.TableVersion, product.Message);
            Interlocked.Add(ref sent, frame.Bytes.Length);
            receives[i] = ReceiveAsync(request.QueryId, peer, product, grace.Token);
            sends[i] = send(peer.Party, frame, cancellationToken);
        }

        // The first share is waited for until the deadline; the second for a grace, and not at all once its sender is down.
        HashSet<Task<byte[]?>> open = [.. receives];
        int got = 0;
        try
        {
            while (open.Count > 0)
            {
                Task<byte[]?> done = await Task.WhenAny(open);
                open.Remove(done);
                if (await done is not null && ++got == 1 && open.Count > 0)
                {
                    grace.CancelAfter(options.Grace);
                }
            }
        }
        finally
        {
            // A share that was refused ends the query: the other one is then waited for no longer.
            await grace.CancelAsync();
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

    private async Task<byte[]?> ReceiveAsync(Guid query, PeerLink peer, PartyProduct product, CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, peer.WhileUp);
        try
        {
            byte[] share = await mailbox.TakeAsync(new MailKey(product.Kind, query, peer.Party), either.Token);
            product.Check(peer.Party, share);
            return share;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private readonly struct Slot(SemaphoreSlim slots) : IDisposable
    {
        public void Dispose() => slots.Release();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Query {Query} ended: {Reason}")]
    private static partial void OffTheLine(ILogger logger, Guid query, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A share of query {Query} was not sent")]
    private static partial void SendFailed(ILogger logger, Exception exception, Guid query);

    [LoggerMessage(Level = LogLevel.Error, Message = "Query {Query} failed")]
    private static partial void Unexpected(ILogger logger, Exception exception, Guid query);
}
