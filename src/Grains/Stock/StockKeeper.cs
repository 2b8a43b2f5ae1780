using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Trident.Grains.Exchange;
using Trident.Grains.Tables;
using Trident.Protocol.Product;
using Trident.Protocol.Sharing;
using Trident.Protocol.Tables;
using Trident.Protocol.Wire;

namespace Trident.Grains.Stock;

/// <summary>
/// Keeps every table's stock at its budget. A party whose own third runs low proposes a batch; the three then make it
/// together, in five rounds on the exchange links (docs/protocol.md, Stock). Any party may propose, because each gives out
/// only its own third and they may be used unevenly. A ledger that is nearly full has its oldest batch closed, at all parties together.
/// </summary>
public sealed partial class StockKeeper : BackgroundService
{
    private const int ProposalSize = sizeof(int) + 32;
    private const long ManyAtOnceBytes = 4L << 20;
    private static readonly TimeSpan BatchDeadline = TimeSpan.FromSeconds(60);

    // A nonce costs nothing to make: a peer that has not sent it by then has given the batch up, or never took it up.
    private static readonly TimeSpan NonceDeadline = TimeSpan.FromSeconds(2);

    private readonly ServedTables _tables;
    private readonly PeerLinks _peers;
    private readonly FrameSender _sender;
    private readonly Mailbox _mailbox;
    private readonly Prss _prss;
    private readonly LinkSession _session;
    private readonly ExchangeOptions _options;
    private readonly ILogger<StockKeeper> _log;

    private readonly ComputeQueue _compute = new();
    private readonly ConcurrentDictionary<Guid, Task> _running = new();

    // From the beginning: peers may propose before this party's own work has started.
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Takes its place as the one that answers proposals.</summary>
    public StockKeeper(ServedTables tables, PeerLinks peers, FrameSender sender, FrameReceiver receiver, Mailbox mailbox, Prss prss,
        LinkSession session, ExchangeOptions options, ILogger<StockKeeper> log)
    {
        (_tables, _peers, _sender, _mailbox, _prss, _session, _options, _log) = (tables, peers, sender, mailbox, prss, session, options, log);
        receiver.OnStock(Hear);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.WhenAll(_tables.All.Select(t => KeepAsync(t, stoppingToken)));
    }

    /// <summary>Waits for the batches that peers proposed, too: they read tables that are unmapped after this.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await base.StopAsync(cancellationToken);
        await Task.WhenAll(_running.Values).WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _compute.Dispose();
    }

    private async Task KeepAsync(ServedTable table, CancellationToken cancellationToken)
    {
        int target = StockSizes.Target(table.Description, _options);
        int items = StockSizes.BatchItems(table.Description, _options);

        // Not all at the same moment: who comes second sees that the first has begun, and a batch has a third for each.
        await Task.Delay(15 * _peers.Party, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                table.Ledger.Sweep();
                long own = table.Ledger.Leasable(_peers.Party);
                bool peersUp = _peers.All.All(p => p.Up);
                if (!peersUp || (own + items / 3) * 3L > target || !await MayBeginAsync(table, items, cancellationToken))
                {
                    await Task.Delay(peersUp ? 50 : 100, cancellationToken);
                    continue;
                }

                long started = Stopwatch.GetTimestamp();
                await MakeAsync(table, Guid.NewGuid(), _peers.Party, items, null, cancellationToken);

                // Full speed while stock is low; at half the time once it is above a quarter, and the parties take turns.
                if (own * 12 > target)
                {
                    await Task.Delay(Stopwatch.GetElapsedTime(started), cancellationToken);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever it was: without stock no query of this table is answered, so it is tried again.
                Failed(table, e);
                await Task.Delay(500, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>
    /// Whether the ledger has room for a batch, beside those that are being made. Batches that take much memory are made one at a time.
    /// Well before there is no more room the oldest batch is closed: what is left of it are tickets that clients have lost.
    /// </summary>
    private async Task<bool> MayBeginAsync(ServedTable table, int items, CancellationToken cancellationToken)
    {
        StockLedger ledger = table.Ledger;
        long bytes = StockSizes.Bytes(table.Description, items), held = ledger.BytesHeld;
        int making = ledger.Making;
        if (ledger.BytesOpen + bytes > ledger.MaximumBytes / 5 * 4 && ledger.OldestOpen is { } oldest)
        {
            ledger.Close(oldest);
            await SendBothAsync(FrameKind.StockClose, Guid.NewGuid(), table, oldest.ToArray(), cancellationToken);
        }

        return (making == 0 || bytes < ManyAtOnceBytes) && held + (making + 1) * bytes <= ledger.MaximumBytes;
    }

    /// <summary>A peer's word on stock: a batch to make together, or one to give out no more.</summary>
    private void Hear(FrameHeader header, byte[] body)
    {
        ServedTable? table = _tables.Find(header.TableVersion);
        if (header.Kind == FrameKind.StockClose && table is not null && body.Length == 32)
        {
            table.Ledger.Close(new BatchId(body));
            return;
        }

        int items = header.Kind == FrameKind.StockPropose && body.Length == ProposalSize ? BinaryPrimitives.ReadInt32LittleEndian(body) : 0;
        if (table is null || items < 1 || items > Math.Min(StockShape.MaxItems(table.Description), 2 * StockSizes.Target(table.Description, _options))
            || _running.Count > 8 || table.Ledger.BytesHeld + StockSizes.Bytes(table.Description, items) - table.Ledger.MaximumBytes > table.Ledger.MaximumBytes / 2)
        {
            ProposalRefused(_log, header.From, items);
            return;
        }

        Task making = Task.Run(async () =>
        {
            try
            {
                await MakeAsync(table, header.Query, header.From, items, body[sizeof(int)..], _stopping.Token);
            }
            catch (Exception e)
            {
                Failed(table, e);
            }
        });
        _running[header.Query] = making;
        making.ContinueWith(_ => _running.TryRemove(header.Query, out Task? _), TaskScheduler.Default);
    }

    private void Failed(ServedTable table, Exception e)
    {
        switch (e)
        {
            case OperationCanceledException when _stopping.IsCancellationRequested:
                break;
            case StockCheckException or OffTheLineException or OperationCanceledException or InvalidDataException:
                BatchFailed(_log, table.Description.Name, e.Message);
                break;
            default:
                BatchBroke(_log, e, table.Description.Name);
                break;
        }
    }

    private async Task MakeAsync(ServedTable table, Guid proposal, int proposer, int items, byte[]? proposerNonce, CancellationToken stopping)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(BatchDeadline);
        CancellationToken ct = limit.Token;
        int self = _peers.Party;

        // Round 1: a fresh nonce from each party, so that no restart meets an old batch again.
        byte[] hello = new byte[ProposalSize];
        BinaryPrimitives.WriteInt32LittleEndian(hello, items);
        RandomNumberGenerator.Fill(hello.AsSpan(sizeof(int)));
        byte[][] nonces = new byte[4][];
        nonces[self] = hello[sizeof(int)..];
        await SendBothAsync(self == proposer ? FrameKind.StockPropose : FrameKind.StockNonce, proposal, table, hello, ct);
        using CancellationTokenSource soon = CancellationTokenSource.CreateLinkedTokenSource(ct);
        soon.CancelAfter(NonceDeadline);

        // Also of a peer that this party takes for down: the proposer may have heard of it a moment before this party does.
        foreach (PeerLink peer in _peers.All)
        {
            byte[] nonce = peer.Party == proposer && proposerNonce is not null
                ? proposerNonce
                : (await TakeAsync(FrameKind.StockNonce, proposal, peer, ProposalSize, CancellationToken.None, soon.Token))[sizeof(int)..];
            nonces[peer.Party] = nonce;
        }

        Guid[] sessions = new Guid[4];
        sessions[self] = _session.Session;
        foreach (PeerLink peer in _peers.All)
        {
            sessions[peer.Party] = peer.Session;
        }

        BatchId id = BatchIds.Derive(table.Description.Version, items,
            [.. sessions[1].ToByteArray(bigEndian: true), .. sessions[2].ToByteArray(bigEndian: true), .. sessions[3].ToByteArray(bigEndian: true)],
            [.. nonces[1], .. nonces[2], .. nonces[3]]);
        table.Ledger.Begin(id);
        try
        {
            await MakeAsync(table, proposal, id, items, sessions, ct);
        }
        finally
        {
            table.Ledger.GiveUp(id);
            table.TellStockChanged();
        }
    }

    /// <summary>Rounds 2 to 5: masked products, coins, and both checks.</summary>
    private async Task MakeAsync(ServedTable table, Guid proposal, BatchId id, int items, Guid[] sessions, CancellationToken ct)
    {
        int self = _peers.Party;
        using StockBatchMaker maker = Maker(table, id, items);
        StockShape shape = maker.Shape;

        for (int piece = 0; piece < shape.Pieces; piece++)
        {
            int some = Math.Min(shape.PieceItems, shape.All - piece * shape.PieceItems);
            byte[][] masked = await RoundAsync(FrameKind.StockMasked, await ComputeAsync(table, () => maker.Masked(some), ct), (long)some * shape.Columns * sizeof(uint), piece);
            await ComputeAsync(table, () => { maker.Opened(masked[1], masked[2], masked[3]); return true; }, ct);
        }

        byte[][] coins = await RoundAsync(FrameKind.StockCoin, maker.Coin(), StockBatchMaker.CoinBytes);
        maker.Coins(coins[1], coins[2], coins[3]);
        byte[][] checks = await RoundAsync(FrameKind.StockCheckMask, await ComputeAsync(table, maker.CheckMask, ct), shape.CheckMaskBytes);
        await ComputeAsync(table, () => { maker.CheckMasks(checks[1], checks[2], checks[3]); return true; }, ct);
        byte[][] zeros = await RoundAsync(FrameKind.StockCheckZero, await ComputeAsync(table, maker.CheckZero, ct), shape.CheckZeroBytes);
        StockBatch batch = maker.Finish(zeros[1], zeros[2], zeros[3]);

        // A peer that restarted in between does not have this batch.
        if (_peers.All.Any(p => p.Session != sessions[p.Party]))
        {
            batch.Dispose();
            return;
        }

        table.Ledger.Add(batch);
        BatchMade(_log, items, table.Description.Name);

        async Task<byte[][]> RoundAsync(FrameKind kind, byte[] own, long length, int piece = 0)
        {
            // A peer that does not take this frame gives the batch up, and its next frame would be waited for in vain.
            Guid name = PieceOf(proposal, piece);
            await SendBothAsync(kind, name, table, own, ct);
            byte[][] all = new byte[4][];
            all[self] = own;
            foreach (PeerLink peer in _peers.All)
            {
                all[peer.Party] = await TakeAsync(kind, name, peer, length, peer.WhileUp, ct);
            }

            return all;
        }
    }

    /// <summary>What the frames of one piece of a round carry in place of the proposal: the first has the proposal itself.</summary>
    private static Guid PieceOf(Guid proposal, int piece)
    {
        Span<byte> bytes = stackalloc byte[16];
        proposal.TryWriteBytes(bytes, bigEndian: true, out _);
        BinaryPrimitives.WriteInt32BigEndian(bytes[12..], BinaryPrimitives.ReadInt32BigEndian(bytes[12..]) ^ piece);
        return new Guid(bytes, bigEndian: true);
    }

    private StockBatchMaker Maker(ServedTable table, BatchId id, int items)
    {
        TableDescription description = table.Description;
        return description.Product == TableDescription.BeaverProduct
            ? StockBatchMaker.ForBeaver(_prss, description.Version, description.Rows, description.Words, id, items)
            : StockBatchMaker.ForTable(_prss, description.Version, () => table.File.Matrix, description.Rows, description.Words, id, items);
    }

    private async Task SendBothAsync(FrameKind kind, Guid proposal, ServedTable table, byte[] body, CancellationToken cancellationToken)
    {
        foreach (AckReason? reason in await Task.WhenAll(_peers.All.Select(p =>
            _sender.SendAsync(kind, p.Party, proposal, table.Description.Version, body, cancellationToken))))
        {
            if (reason != AckReason.Ok)
            {
                throw new InvalidDataException($"a peer did not take the {kind} frame: {reason?.ToString() ?? "it cannot be reached"}");
            }
        }
    }

    private async Task<byte[]> TakeAsync(FrameKind kind, Guid proposal, PeerLink peer, long length, CancellationToken whileUp, CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, whileUp);
        byte[] body = await _mailbox.TakeAsync(new MailKey(kind, proposal, peer.Party), either.Token);
        return body.Length == length
            ? body
            : throw new InvalidDataException($"party {peer.Party} sent {body.Length} bytes of {kind} where {length} belong");
    }

    private Task<T> ComputeAsync<T>(ServedTable table, Func<T> work, CancellationToken cancellationToken) =>
        _compute.RunAsync(table.Ledger.Available / (double)StockSizes.Target(table.Description, _options), work, cancellationToken);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Made {Items} items of stock for table {Table}")]
    private static partial void BatchMade(ILogger logger, int items, string table);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A batch of stock for table {Table} was given up: {Reason}")]
    private static partial void BatchFailed(ILogger logger, string table, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "A batch of stock for table {Table} failed")]
    private static partial void BatchBroke(ILogger logger, Exception exception, string table);

    [LoggerMessage(Level = LogLevel.Information, Message = "Did not join party {Peer} in a batch of {Items} items: there is enough, or the proposal is malformed")]
    private static partial void ProposalRefused(ILogger logger, int peer, int items);
}
