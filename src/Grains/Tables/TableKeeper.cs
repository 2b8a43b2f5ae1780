using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Trident.Abstractions;
using Trident.Grains.Exchange;
using Trident.Protocol.Changes;
using Trident.Protocol.Field;
using Trident.Protocol.Sealing;
using Trident.Protocol.Wire;

namespace Trident.Grains.Tables;

/// <summary>The data owner's seal at this party; there is none where the descriptor names no owner.</summary>
public sealed record OwnerSeal(ChangeSeal? Seal);

/// <summary>
/// Changes tables together with the peers (docs/protocol.md, Put): a change is made by all three or by none, without a coordinator.
/// Each party votes once for each transaction, on its disk before it tells; it is made if and only if all three voted yes. A party
/// that voted yes and lacks a vote asks for it until it has it, also after a restart.
/// </summary>
public sealed partial class TableKeeper : BackgroundService
{
    // Transactions of which votes are kept, those included whose votes overtook the request.
    private const int MaxBallots = 1024;

    private readonly ServedTables _tables;
    private readonly PeerLinks _peers;
    private readonly FrameSender _sender;
    private readonly OwnerSeal _owner;
    private readonly ExchangeOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<TableKeeper> _log;
    private readonly ConcurrentDictionary<(Guid Table, Guid Transaction), Ballot> _ballots = new();
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Takes its place as the one that hears votes.</summary>
    public TableKeeper(ServedTables tables, PeerLinks peers, FrameSender sender, FrameReceiver receiver, OwnerSeal owner, ExchangeOptions options,
        TimeProvider time, ILogger<TableKeeper> log)
    {
        (_tables, _peers, _sender, _owner, _options, _time, _log) = (tables, peers, sender, owner, options, time, log);
        receiver.OnVote(Hear);
    }

    /// <summary>Votes on a change, and waits until it is made or dropped. Failures are values.</summary>
    public async Task<PutAnswer> PutAsync(PutRequest request, CancellationToken cancellationToken)
    {
        if (_tables.Find(request.TableVersion) is not { } table)
        {
            return PutAnswer.Refused(PutFailureKind.UnknownTable, $"Party {_peers.Party} serves no table of version {request.TableVersion}.");
        }

        if (table.Changes is not { } changes)
        {
            return PutAnswer.Refused(PutFailureKind.NotChangeable,
                $"Table '{table.Description.Name}' is for the product '{table.Description.Product}', whose stock is made of the table. Share it with --product beaver, or share it again with --replace.");
        }

        if (_owner.Seal is not { } seal)
        {
            return PutAnswer.Refused(PutFailureKind.NoOwner, $"The parties.json of party {_peers.Party} names no data owner, so nobody may change its tables.");
        }

        RowChange change;
        try
        {
            change = seal.Open(request.Sealed, table.Description.Words, request.TableVersion, request.Transaction);
        }
        catch (SealingException e)
        {
            // Not journaled: anybody could fill the disk with it. To the peers' question the vote will be no.
            return PutAnswer.Refused(PutFailureKind.NotAuthentic, e.Message);
        }

        if (change.Row < 0 || change.Row >= table.Description.Rows || !FieldVector.AllBelowP(change.Words))
        {
            return PutAnswer.Refused(PutFailureKind.BadRequest, $"A change has a row of 0 to {table.Description.Rows - 1} and words below 2^31 − 1.");
        }

        try
        {
            return await VoteAsync(table, changes, request.Transaction, change, cancellationToken);
        }
        catch (IOException e)
        {
            JournalFailed(_log, e, table.Description.Name);
            return PutAnswer.Refused(PutFailureKind.Internal, $"Party {_peers.Party} cannot write its journal; its log says why.");
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await base.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        List<Task> resolving = [];
        foreach (ServedTable table in _tables.All)
        {
            if (table.Changes is { Undecided: { } transaction } changes)
            {
                resolving.Add(Task.Run(() => ResolveAsync(table, changes, transaction, atOnce: true), CancellationToken.None));
            }
        }

        return Task.WhenAll(resolving);
    }

    private async Task<PutAnswer> VoteAsync(ServedTable table, TableChanges changes, Guid transaction, RowChange change, CancellationToken cancellationToken)
    {
        bool known = changes.Look(transaction).State != ChangeState.Unknown;
        if (!known && _peers.All.FirstOrDefault(p => !p.Up) is { } down && changes.VoteOrRefuse(transaction) is { Yes: false } no)
        {
            await TellAsync(table, transaction, no);
            return PutAnswer.Refused(PutFailureKind.PeerDown, $"Party {_peers.Party} does not reach party {down.Party}; a change needs all three.");
        }

        VoteGiven given = changes.Vote(transaction, change);
        if (!given.Vote.Yes)
        {
            _ballots.TryRemove((table.Description.Version, transaction), out _);
            await TellAsync(table, transaction, given.Vote);
            return PutAnswer.Refused(PutFailureKind.Conflict, $"Party {_peers.Party} refused the change: {given.Reason}.");
        }

        if (!known)
        {
            _ = Task.Run(() => ResolveAsync(table, changes, transaction, atOnce: false), CancellationToken.None);
            await TellAsync(table, transaction, given.Vote);
        }

        Ballot ballot = BallotOf(table, transaction);
        TryDecide(table, changes, transaction, ballot);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
        limit.CancelAfter(_options.PutTimeout);
        try
        {
            return await ballot.Decided.WaitAsync(limit.Token)
                ? new PutAnswer(given.Vote.Revision + 1, null)
                : PutAnswer.Refused(PutFailureKind.PeerRefused, "Another party refused the change.");
        }
        catch (OperationCanceledException)
        {
            return changes.Look(transaction).State == ChangeState.Committed
                ? new PutAnswer(given.Vote.Revision + 1, null)
                : PutAnswer.Refused(PutFailureKind.Undecided, $"Party {_peers.Party} has prepared the change and does not know yet whether all others have.");
        }
    }

    /// <summary>Asks for the votes that are missing, again and again, until the transaction has ended.</summary>
    private async Task ResolveAsync(ServedTable table, TableChanges changes, Guid transaction, bool atOnce)
    {
        Ballot ballot = BallotOf(table, transaction);
        try
        {
            for (bool wait = !atOnce; ; wait = true)
            {
                if (wait)
                {
                    // A question makes a peer that has not heard of the transaction vote no: it gets time to hear of it.
                    await Task.WhenAny(ballot.Decided, Task.Delay(_options.PutPatience, _time, _stopping.Token));
                }

                _stopping.Token.ThrowIfCancellationRequested();
                TryDecide(table, changes, transaction, ballot);
                if (ballot.Decided.IsCompleted)
                {
                    return;
                }

                await Task.WhenAll(_peers.All.Where(p => !ballot.Has(p.Party)).Select(p =>
                    _sender.SendAsync(FrameKind.TableAsk, p.Party, transaction, table.Description.Version, ReadOnlyMemory<byte>.Empty, _stopping.Token)));
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The journal knows of it, and the next start goes on.
        }
        catch (IOException e)
        {
            JournalFailed(_log, e, table.Description.Name);
        }
    }

    private void Hear(FrameHeader header, byte[] body)
    {
        if (_tables.Find(header.TableVersion) is not { Changes: { } changes } table)
        {
            return;
        }

        // Off the connection's thread: a vote may have to be written to the disk first.
        _ = Task.Run(async () =>
        {
            try
            {
                if (header.Kind == FrameKind.TableAsk)
                {
                    ChangeVote own = changes.VoteOrRefuse(header.Query);
                    await _sender.SendAsync(FrameKind.TableVote, header.From, header.Query, header.TableVersion, own.ToBytes(), _stopping.Token);
                    return;
                }

                ChangeVote vote = ChangeVote.Parse(body);
                ChangeState state = changes.Look(header.Query).State;
                if (state is ChangeState.Prepared or ChangeState.Unknown)
                {
                    MakeRoom();
                    Ballot ballot = BallotOf(table, header.Query);
                    ballot.Put(header.From, vote);
                    TryDecide(table, changes, header.Query, ballot);
                }
            }
            catch (FormatException e)
            {
                BadVote(_log, header.From, e.Message);
            }
            catch (IOException e)
            {
                JournalFailed(_log, e, table.Description.Name);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                // Who asked will ask again.
            }
        });
    }

    private void TryDecide(ServedTable table, TableChanges changes, Guid transaction, Ballot ballot)
    {
        (ChangeState state, ChangeVote? own) = changes.Look(transaction);
        if (state == ChangeState.Prepared && ballot.Outcome(own!.Value, _peers.All.Select(p => p.Party)) is { } made)
        {
            changes.Decide(transaction, made);
            state = changes.Look(transaction).State;
        }

        if (state is ChangeState.Committed or ChangeState.Aborted)
        {
            // Whoever comes late makes a new ballot, and is told here at once.
            if (_ballots.TryRemove(KeyValuePair.Create((table.Description.Version, transaction), ballot)))
            {
                Ended(_log, transaction, table.Description.Name, state, changes.Revision);
            }

            ballot.Decide(state == ChangeState.Committed);
        }
    }

    /// <summary>Drops votes on transactions that this party has not heard of: of those that it hears of yet, it asks for them again.</summary>
    private void MakeRoom()
    {
        if (_ballots.Count >= MaxBallots)
        {
            foreach (((Guid table, Guid transaction) key, Ballot _) in _ballots)
            {
                if (_tables.Find(key.table)?.Changes?.Look(key.transaction).State is not ChangeState.Prepared)
                {
                    _ballots.TryRemove(key, out _);
                }
            }
        }
    }

    private Ballot BallotOf(ServedTable table, Guid transaction) => _ballots.GetOrAdd((table.Description.Version, transaction), static _ => new Ballot());

    private Task TellAsync(ServedTable table, Guid transaction, ChangeVote vote) => Task.WhenAll(_peers.All.Select(p =>
        _sender.SendAsync(FrameKind.TableVote, p.Party, transaction, table.Description.Version, vote.ToBytes(), _stopping.Token)));

    [LoggerMessage(Level = LogLevel.Information, Message = "Change {Transaction} of table {Table} ended: {State}; the table is at revision {Revision}")]
    private static partial void Ended(ILogger logger, Guid transaction, string table, ChangeState state, long revision);

    [LoggerMessage(Level = LogLevel.Error, Message = "The journal of table {Table} cannot be written; changes wait for a restart of this silo")]
    private static partial void JournalFailed(ILogger logger, Exception exception, string table);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Party {Peer} sent a vote that is none: {Reason}")]
    private static partial void BadVote(ILogger logger, int peer, string reason);
}
