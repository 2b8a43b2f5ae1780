using Trident.Protocol.Changes;
using Trident.Protocol.Sealing;
using Trident.Protocol.Tables;

namespace Trident.Grains.Tables;

/// <summary>A party's vote on a change, and why it is against if it is.</summary>
public readonly record struct VoteGiven(ChangeVote Vote, string? Reason);

/// <summary>
/// The share of one table that can be changed: the map, and the journal of votes and changes. Thread-safe. Queries read the map
/// under a lock that they share; making a change takes it alone, for the time of copying one row.
/// </summary>
public sealed class TableChanges : IDisposable
{
    private readonly Lock _votes = new();
    private readonly ReaderWriterLockSlim _rows = new();
    private readonly ShareFile _file;
    private readonly TableJournal _journal;
    private long _revision;

    /// <summary>Opens the journal and makes the changes that are in it.</summary>
    /// <exception cref="TableException">The journal is damaged or another's.</exception>
    public TableChanges(ShareFile file, string journal)
    {
        _file = file;
        _journal = TableJournal.Open(journal, file.Description, file.Party, file.Replace);
        _revision = _journal.Revision;
    }

    /// <summary>How many changes were made.</summary>
    public long Revision => Interlocked.Read(ref _revision);

    /// <summary>The transaction whose end this party does not know; null when there is none.</summary>
    public Guid? Undecided
    {
        get { lock (_votes) { return _journal.Undecided; } }
    }

    /// <summary>Reads the share in the state of one revision.</summary>
    public T Read<T>(ReadShare<T> read)
    {
        _rows.EnterReadLock();
        try
        {
            return read(_file.Matrix, _revision);
        }
        finally
        {
            _rows.ExitReadLock();
        }
    }

    /// <summary>What became of a transaction, and the vote given (null: none).</summary>
    public (ChangeState State, ChangeVote? Vote) Look(Guid transaction)
    {
        lock (_votes)
        {
            return (_journal.StateOf(transaction), _journal.VoteOf(transaction));
        }
    }

    /// <summary>Votes on a change that was asked for; a transaction that was voted on keeps its vote.</summary>
    public VoteGiven Vote(Guid transaction, RowChange change)
    {
        lock (_votes)
        {
            if (_journal.VoteOf(transaction) is { } given)
            {
                return new VoteGiven(given, given.Yes ? null : "the transaction was refused before");
            }

            string? reason = _journal.Undecided is { } other
                ? $"another change ({other:N}) is not decided yet"
                : change.Revision != _journal.Revision
                    ? $"the table is at revision {_journal.Revision}, and the change is for revision {change.Revision}"
                    : null;
            if (reason is not null)
            {
                _journal.Refuse(transaction);
                return new VoteGiven(ChangeVote.No, reason);
            }

            _journal.Prepare(transaction, change.Row, change.Words);
            return new VoteGiven(_journal.VoteOf(transaction)!.Value, null);
        }
    }

    /// <summary>The vote on a transaction; who was asked for it and has given none votes no.</summary>
    public ChangeVote VoteOrRefuse(Guid transaction)
    {
        lock (_votes)
        {
            if (_journal.VoteOf(transaction) is { } given)
            {
                return given;
            }

            _journal.Refuse(transaction);
            return ChangeVote.No;
        }
    }

    /// <summary>Ends a transaction that this party voted yes to: makes the change, or drops it. Does nothing when it has ended.</summary>
    public void Decide(Guid transaction, bool commit)
    {
        lock (_votes)
        {
            if (_journal.StateOf(transaction) != ChangeState.Prepared)
            {
                return;
            }

            if (commit)
            {
                _journal.Commit(transaction, Apply);
            }
            else
            {
                _journal.Abort(transaction);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_votes)
        {
            _journal.Dispose();
        }

        _rows.Dispose();
    }

    private void Apply(int row, ReadOnlySpan<uint> words)
    {
        _rows.EnterWriteLock();
        try
        {
            _file.Replace(row, words);
            _revision++;
        }
        finally
        {
            _rows.ExitWriteLock();
        }
    }
}
