using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Trident.Protocol.Field;
using Trident.Protocol.Tables;

namespace Trident.Protocol.Changes;

/// <summary>
/// One party's record of the changes to one version of a table: every vote it gave and what became of it, each on the disk before
/// anybody is told. Append-only; the share file beside it is never changed. Not thread-safe.
/// <code>
/// header, 64 bytes, little endian:  magic "TRIDJRNL" (8) | format 1 (4) | party (4) | table version (16) | words of a record (4) |
///                                   rows (4) | zero (8) | first 16 bytes of SHA-256 of what is before
/// record:  length n of the payload (4) | payload (n) | first 16 bytes of SHA-256(the checksum before || payload)
/// payload: kind (1) | transaction (16, as printed) | for kind 1: expected revision (8) | row (4) | words
/// </code>
/// Kinds: 1 prepared, 2 refused, 3 committed, 4 aborted.
/// </summary>
/// <remarks>
/// A record is flushed before the next is begun, so only the last can be incomplete; a torn tail is cut off when the journal is
/// opened, and nothing that depended on it had been said. Anything else that does not fit is damage and is refused. The checksums find
/// accidents, not malice. The file holds shares: its mode is 0600. It grows with every change until the table is shared again.
/// </remarks>
public sealed class TableJournal : IDisposable
{
    private const int HeaderSize = 64;
    private const int ChecksumSize = 16;
    private const int ChangeSize = 1 + 16 + 8 + 4;
    private const byte Prepared = 1, Refused = 2, Committed = 3, Aborted = 4;

    private readonly FileStream _stream;
    private readonly TableDescription _table;
    private readonly Dictionary<Guid, (ChangeState State, ChangeVote Vote)> _known = [];
    private readonly byte[] _last = new byte[ChecksumSize];
    private (Guid Transaction, uint[] Words)? _undecided;
    private bool _broken;

    private TableJournal(FileStream stream, TableDescription table) => (_stream, _table) = (stream, table);

    /// <summary>How many changes were made.</summary>
    public long Revision { get; private set; }

    /// <summary>The transaction that this party voted yes to and does not know the end of; null when there is none.</summary>
    public Guid? Undecided => _undecided?.Transaction;

    /// <summary>Opens a party's journal, or begins one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="table">The table as its share file describes it.</param>
    /// <param name="party">The party, 1 to 3.</param>
    /// <param name="apply">Is given each change that was made, in order: row and words.</param>
    /// <exception cref="TableException">Damaged, of another party or version, in use, or not readable.</exception>
    public static TableJournal Open(string path, TableDescription table, int party, Action<int, ReadOnlySpan<uint>> apply)
    {
        FileStream? stream = null;
        try
        {
            byte[] header = Header(table, party);
            if (!File.Exists(path))
            {
                Begin(path, header);
            }

            // Exclusive: two processes of one party would vote past each other.
            stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, 1 << 16);
            byte[] found = new byte[HeaderSize];
            if (stream.ReadAtLeast(found, HeaderSize, throwOnEndOfStream: false) < HeaderSize || !found.AsSpan().SequenceEqual(header))
            {
                throw new TableException(
                    $"The journal '{path}' is not party {party}'s of this version of table '{table.Name}', or is damaged. Copy it again, or share the table again.");
            }

            TableJournal journal = new(stream, table);
            header.AsSpan(HeaderSize - ChecksumSize).CopyTo(journal._last);
            journal.Replay(path, apply);
            return journal;
        }
        catch (Exception e)
        {
            stream?.Dispose();
            if (e is IOException or UnauthorizedAccessException)
            {
                throw new TableException($"The journal '{path}' cannot be opened: {e.Message} Is another silo of this party running?", e);
            }

            throw;
        }
    }

    /// <summary>What became of a transaction.</summary>
    public ChangeState StateOf(Guid transaction) => _known.TryGetValue(transaction, out (ChangeState State, ChangeVote) known) ? known.State : ChangeState.Unknown;

    /// <summary>The vote that was given; null when none was.</summary>
    public ChangeVote? VoteOf(Guid transaction) => _known.TryGetValue(transaction, out (ChangeState, ChangeVote Vote) known) ? known.Vote : null;

    /// <summary>Votes yes.</summary>
    /// <param name="transaction">A transaction that no vote was given for, while none is undecided.</param>
    /// <param name="row">The row to change.</param>
    /// <param name="words">Its share.</param>
    /// <exception cref="IOException">It could not be written; no vote was given.</exception>
    public void Prepare(Guid transaction, int row, ReadOnlySpan<uint> words)
    {
        if (StateOf(transaction) != ChangeState.Unknown || _undecided is not null)
        {
            throw new InvalidOperationException("A vote is given once for each transaction, and one transaction is undecided at a time.");
        }

        byte[] payload = new byte[ChangeSize + words.Length * sizeof(uint)];
        Write(payload, Prepared, transaction);
        BinaryPrimitives.WriteInt64LittleEndian(payload.AsSpan(17), Revision);
        BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(25), row);
        MemoryMarshal.AsBytes(words).CopyTo(payload.AsSpan(ChangeSize));
        Append(payload);
        Take(payload, static (_, _) => { });
        CryptographicOperations.ZeroMemory(payload);
    }

    /// <summary>Votes no, for ever.</summary>
    /// <exception cref="IOException">It could not be written; no vote was given.</exception>
    public void Refuse(Guid transaction) => Record(Refused, transaction, ChangeState.Unknown, static (_, _) => { });

    /// <summary>Notes that all voted yes; <paramref name="apply"/> is given the row and its words.</summary>
    /// <exception cref="IOException">It could not be written; the transaction is still undecided.</exception>
    public void Commit(Guid transaction, Action<int, ReadOnlySpan<uint>> apply) => Record(Committed, transaction, ChangeState.Prepared, apply);

    /// <summary>Notes that another party voted no.</summary>
    /// <exception cref="IOException">It could not be written; the transaction is still undecided.</exception>
    public void Abort(Guid transaction) => Record(Aborted, transaction, ChangeState.Prepared, static (_, _) => { });

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private static byte[] Header(TableDescription table, int party)
    {
        byte[] header = new byte[HeaderSize];
        "TRIDJRNL"u8.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), 1);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(12), party);
        table.Version.TryWriteBytes(header.AsSpan(16), bigEndian: true, out _);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(32), table.Words);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(36), table.Rows);
        SHA256.HashData(header.AsSpan(0, HeaderSize - ChecksumSize)).AsSpan(0, ChecksumSize).CopyTo(header.AsSpan(HeaderSize - ChecksumSize));
        return header;
    }

    private static void Begin(string path, byte[] header)
    {
        string temporary = ShareWriter.TemporaryName(path);
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (FileStream file = new(temporary, options))
        {
            file.Write(header);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path);
        DurableFiles.FlushDirectory(Path.GetDirectoryName(path)!);
    }

    private static void Write(Span<byte> payload, byte kind, Guid transaction)
    {
        payload[0] = kind;
        transaction.TryWriteBytes(payload[1..], bigEndian: true, out _);
    }

    private void Record(byte kind, Guid transaction, ChangeState before, Action<int, ReadOnlySpan<uint>> apply)
    {
        if (StateOf(transaction) != before)
        {
            throw new InvalidOperationException($"The transaction is {StateOf(transaction)}, not {before}.");
        }

        byte[] payload = new byte[17];
        Write(payload, kind, transaction);
        Append(payload);
        Take(payload, apply);
    }

    private void Append(byte[] payload)
    {
        if (_broken)
        {
            throw new IOException("An earlier write to the journal failed, so its end is not known; restart the silo.");
        }

        byte[] record = new byte[sizeof(int) + payload.Length + ChecksumSize];
        BinaryPrimitives.WriteInt32LittleEndian(record, payload.Length);
        payload.CopyTo(record, sizeof(int));
        byte[] checksum = Checksum(payload);
        checksum.AsSpan().CopyTo(record.AsSpan(sizeof(int) + payload.Length));

        // A write that failed may have reached the disk or not; only a fresh reading tells.
        _broken = true;
        _stream.Write(record);
        _stream.Flush(flushToDisk: true);
        _broken = false;
        checksum.CopyTo(_last, 0);
        CryptographicOperations.ZeroMemory(record);
    }

    private byte[] Checksum(ReadOnlySpan<byte> payload)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(_last);
        hash.AppendData(payload);
        return hash.GetHashAndReset()[..ChecksumSize];
    }

    private void Replay(string path, Action<int, ReadOnlySpan<uint>> apply)
    {
        int longest = ChangeSize + _table.Words * sizeof(uint);
        long good = HeaderSize;
        byte[] head = new byte[sizeof(int)];
        while (true)
        {
            int got = _stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            int length = got < head.Length ? 0 : BinaryPrimitives.ReadInt32LittleEndian(head);
            byte[] record = new byte[length is >= 17 && length <= longest ? length + ChecksumSize : 0];
            if (record.Length == 0 || _stream.ReadAtLeast(record, record.Length, throwOnEndOfStream: false) < record.Length)
            {
                break;
            }

            byte[] checksum = Checksum(record.AsSpan(0, length));
            if (!checksum.AsSpan().SequenceEqual(record.AsSpan(length)))
            {
                break;
            }

            if (!Take(record.AsSpan(0, length), apply))
            {
                throw Damaged(path, good);
            }

            checksum.CopyTo(_last, 0);
            CryptographicOperations.ZeroMemory(record);
            good = _stream.Position;
        }

        // What is left is one record that was being written when the process or the machine stopped, and at most that long.
        if (_stream.Length - good > sizeof(int) + longest + ChecksumSize || WholeRecordFollows(good))
        {
            throw Damaged(path, good);
        }

        _stream.SetLength(good);
        _stream.Position = good;
        _stream.Flush(flushToDisk: true);
    }

    /// <summary>Whether the record that failed its checksum ends before the file does: then it was complete once, and is damaged.</summary>
    private bool WholeRecordFollows(long good)
    {
        _stream.Position = good;
        byte[] head = new byte[sizeof(int)];
        if (_stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) < head.Length)
        {
            return false;
        }

        long length = BinaryPrimitives.ReadInt32LittleEndian(head);
        return length > 0 && good + sizeof(int) + length + ChecksumSize < _stream.Length;
    }

    private static TableException Damaged(string path, long at) => new(
        $"The journal '{path}' is damaged at byte {at:N0}: its records do not fit together. Restore it from its copy, or share the table again.");

    /// <summary>Brings what is known up to a record; false when it does not follow from what was before.</summary>
    private bool Take(ReadOnlySpan<byte> payload, Action<int, ReadOnlySpan<uint>> apply)
    {
        Guid transaction = new(payload.Slice(1, 16), bigEndian: true);
        ChangeState before = StateOf(transaction);
        switch (payload[0])
        {
            case Prepared:
                if (payload.Length != ChangeSize + _table.Words * sizeof(uint) || before != ChangeState.Unknown || _undecided is not null)
                {
                    return false;
                }

                ChangeVote vote = new(true, BinaryPrimitives.ReadInt64LittleEndian(payload[17..]), BinaryPrimitives.ReadInt32LittleEndian(payload[25..]));
                uint[] words = MemoryMarshal.Cast<byte, uint>(payload[ChangeSize..]).ToArray();
                if (vote.Revision != Revision || vote.Row < 0 || vote.Row >= _table.Rows || !FieldVector.AllBelowP(words))
                {
                    return false;
                }

                _undecided = (transaction, words);
                _known[transaction] = (ChangeState.Prepared, vote);
                return true;
            case Refused:
                _known[transaction] = (ChangeState.Refused, ChangeVote.No);
                return before == ChangeState.Unknown && payload.Length == 17;
            case Committed or Aborted:
                if (payload.Length != 17 || before != ChangeState.Prepared || _undecided is not { } change)
                {
                    return false;
                }

                bool commit = payload[0] == Committed;
                ChangeVote given = _known[transaction].Vote;
                if (commit)
                {
                    apply(given.Row, change.Words);
                    Revision++;
                }

                _known[transaction] = (commit ? ChangeState.Committed : ChangeState.Aborted, given);
                CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(change.Words.AsSpan()));
                _undecided = null;
                return true;
            default:
                return false;
        }
    }
}
