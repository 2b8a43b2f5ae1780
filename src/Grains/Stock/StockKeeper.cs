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
/// only its own third and they may be used unevenly.
/// </summary>
public sealed partial class StockKeeper : BackgroundService
{
    private const int ProposalSize = sizeof(int) + 32;
    private const int MinimumWords = 1 << 22;
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

    // One batch computes at a time: batches would only take the cores from one another, and from queries.
    private readonly SemaphoreSlim _compute = new(1, 1);
    private readonly ConcurrentDictionary<Guid, Task> _running = new();

    // From the beginning: peers may propose before this party's own work has started.
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Takes its place as the one that answers proposals.</summary>
    public StockKeeper(ServedTables tables, PeerLinks peers, FrameSender sender, FrameReceiver receiver, Mailbox mailbox, Prss prss,
        LinkSession session, ExchangeOptions options, ILogger<StockKeeper> log)
    {
        (_tables, _peers, _sender, _mailbox, _prss, _session, _options, _log) = (tables, peers, sender, mailbox, prss, session, options, log);
        receiver.OnProposal(Join);
    }

    /// <summary>
    /// Items of a table's full stock: what three fifths of the budget hold, at least 192, or as many as have four million words where an
    /// item is a wide score table's, but 12. The rest is for tickets that are leased
    /// and not yet used: without that room new batches would push out those that clients hold tickets of. With the product
    /// <c>beaver</c> an item costs as much as a query, so there is less: what can be made in a few seconds, 24 to 384.
    /// </summary>
    public static int Target(ServedTable table, ExchangeOptions options)
    {
        long budget = options.StockBudgetBytes * 3 / 5 / ItemBytes(table.Description);
        return table.Description.Product == TableDescription.BeaverProduct
            ? (int)Math.Clamp(Math.Min(budget, 400_000_000L / MatrixWords(table)), 24, 384)
            : (int)Math.Clamp(budget, MinimumItems(table.Description), 1 << 24);
    }

    /// <summary>Bytes that a table's ledger may hold: the budget, but never less than three times the smallest stock: clients hold leased tickets of batches that others have not used up.</summary>
    public static long LedgerBytes(TableDescription table, ExchangeOptions options) =>
        Math.Max(options.StockBudgetBytes, 3L * MinimumItems(table) * ItemBytes(table));

    /// <summary>
    /// Items of one batch, at most a quarter of the stock, or half of a small one, as two more are made than a batch yields: about four
    /// million mask words and six million of products, so that a batch takes well under a second;
    /// with the product <c>beaver</c> about eight million words of matrices, and the same number for each party to give out.
    /// </summary>
    public static int BatchItems(ServedTable table, ExchangeOptions options) => table.Description.Product == TableDescription.BeaverProduct
        ? (int)Math.Clamp(8_000_000L / MatrixWords(table), 3, Math.Min(StockShape.MaxItems(table.Description), Target(table, options) / 4)) / 3 * 3
        : (int)Math.Clamp(Math.Min(Math.Max(4_000_000L / table.Description.Rows, 12), Math.Max(6_000_000L / table.Description.Words, 6)), 6,
            Math.Max(Math.Min(4096, Target(table, options) / 4), 6));

    private static int MinimumItems(TableDescription table) => Math.Clamp(MinimumWords / table.Words, 12, 192);

    private static long MatrixWords(ServedTable table) => (long)table.Description.Rows * table.Description.Words;

    private static long ItemBytes(TableDescription table) => table.Words * (long)sizeof(uint);

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

    private async Task KeepAsync(ServedTable table, CancellationToken cancellationToken)
    {
        int target = Target(table, _options);
        int items = BatchItems(table, _options);
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                long own = table.Ledger.Leasable(_peers.Party);
                bool peersUp = _peers.All.All(p => p.Up);
                if (!peersUp || (own + items / 3) * 3L > target)
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
            catch (Exception e) when (e is StockCheckException or OffTheLineException or OperationCanceledException or InvalidDataException)
            {
                BatchFailed(_log, table.Description.Name, e.Message);
                await Task.Delay(500, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void Join(FrameHeader header, byte[] body)
    {
        ServedTable? table = _tables.Find(header.TableVersion);
        int items = body.Length == ProposalSize ? BinaryPrimitives.ReadInt32LittleEndian(body) : 0;
        if (table is null || items < 1 || items > Math.Min(StockShape.MaxItems(table.Description), 2 * Target(table, _options))
            || _running.Count > 8 || table.Ledger.BytesHeld > 3 * LedgerBytes(table.Description, _options))
        {
            ProposalRefused(_log, header.From, items);
            return;
        }

        _running[header.Query] = Task.Run(async () =>
        {
            try
            {
                await MakeAsync(table, header.Query, header.From, items, body[sizeof(int)..], _stopping.Token);
            }
            catch (Exception e) when (e is StockCheckException or OffTheLineException or OperationCanceledException or InvalidDataException)
            {
                if (!_stopping.IsCancellationRequested)
                {
                    BatchFailed(_log, table.Description.Name, e.Message);
                }
            }
            finally
            {
                _running.TryRemove(header.Query, out _);
            }
        });
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
        using StockBatchMaker maker = Maker(table, id, items);
        StockShape shape = maker.Shape;

        for (int piece = 0; piece < shape.Pieces; piece++)
        {
            int some = Math.Min(shape.PieceItems, shape.All - piece * shape.PieceItems);
            byte[][] masked = await RoundAsync(FrameKind.StockMasked, await ComputeAsync(() => maker.Masked(some), ct), (long)some * shape.Columns * sizeof(uint), piece);
            await ComputeAsync(() => { maker.Opened(masked[1], masked[2], masked[3]); return true; }, ct);
        }

        byte[][] coins = await RoundAsync(FrameKind.StockCoin, maker.Coin(), StockBatchMaker.CoinBytes);
        maker.Coins(coins[1], coins[2], coins[3]);
        byte[][] checks = await RoundAsync(FrameKind.StockCheckMask, await ComputeAsync(maker.CheckMask, ct), shape.CheckMaskBytes);
        await ComputeAsync(() => { maker.CheckMasks(checks[1], checks[2], checks[3]); return true; }, ct);
        byte[][] zeros = await RoundAsync(FrameKind.StockCheckZero, await ComputeAsync(maker.CheckZero, ct), shape.CheckZeroBytes);
        StockBatch batch = maker.Finish(zeros[1], zeros[2], zeros[3]);

        // A peer that restarted in between does not have this batch.
        if (_peers.All.Any(p => p.Session != sessions[p.Party]))
        {
            batch.Dispose();
            return;
        }

        table.Ledger.Add(batch);
        table.StockAdded();
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

    private async Task<T> ComputeAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        await _compute.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(work, cancellationToken);
        }
        finally
        {
            _compute.Release();
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Made {Items} items of stock for table {Table}")]
    private static partial void BatchMade(ILogger logger, int items, string table);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A batch of stock for table {Table} was given up: {Reason}")]
    private static partial void BatchFailed(ILogger logger, string table, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Did not join party {Peer} in a batch of {Items} items: there is enough, or the proposal is malformed")]
    private static partial void ProposalRefused(ILogger logger, int peer, int items);
}
