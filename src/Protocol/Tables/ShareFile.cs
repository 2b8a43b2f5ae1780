using System.IO.MemoryMappedFiles;
using System.Security.Cryptography;

namespace Trident.Protocol.Tables;

/// <summary>
/// One party's share of a table, memory-mapped: opening costs no memory beyond what the system caches, and the matrix is read
/// in place. Of a <c>beaver</c> table the map is private to the process and may be changed row by row; the file never is.
/// Thread-safe for reading; spans must not be used after <see cref="Dispose"/>.
/// </summary>
public sealed unsafe class ShareFile : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _base;
    private bool _disposed;

    private ShareFile(ShareFileHeader header, MemoryMappedFile file, MemoryMappedViewAccessor view, byte* start)
    {
        (Description, Party, Deployment) = (header.Description, header.Party, header.Deployment);
        (_file, _view) = (file, view);
        _base = start;
    }

    /// <summary>The table that this is a share of.</summary>
    public TableDescription Description { get; }

    /// <summary>Whose share it is: 1, 2 or 3.</summary>
    public int Party { get; }

    /// <summary>The deployment that the share was made for.</summary>
    public Guid Deployment { get; }

    /// <summary>The whole share: rows * words field words, row after row.</summary>
    public ReadOnlySpan<uint> Matrix => Rows(0, Description.Rows);

    /// <summary>The words of some rows: count * words field words.</summary>
    /// <param name="first">First row, from 0.</param>
    /// <param name="count">How many rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">Rows that the table does not have.</exception>
    public ReadOnlySpan<uint> Rows(int first, int count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (first < 0 || count < 0 || first > Description.Rows - count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(first), $"Rows {first} to {(long)first + count - 1} of a table of {Description.Rows} rows.");
        }

        // A description of more words than a span can hold is refused wherever one is read.
        int words = Description.Words;
        return new ReadOnlySpan<uint>((uint*)(_base + ShareFileHeader.Size) + (long)first * words, count * words);
    }

    /// <summary>Changes a row in memory. The caller sees to it that nobody reads meanwhile.</summary>
    /// <param name="row">The row, from 0.</param>
    /// <param name="share">Its new share, as many words as a record has.</param>
    /// <exception cref="InvalidOperationException">The table is not of the product <c>beaver</c>.</exception>
    /// <exception cref="ArgumentException">Another number of words, or a row that the table does not have.</exception>
    public void Replace(int row, ReadOnlySpan<uint> share)
    {
        if (!IsChangeable(Description))
        {
            throw new InvalidOperationException($"Table '{Description.Name}' is for the product '{Description.Product}' and cannot be changed.");
        }

        ReadOnlySpan<uint> there = Rows(row, 1);
        if (share.Length != there.Length)
        {
            throw new ArgumentException($"A record has {there.Length} words, not {share.Length}.", nameof(share));
        }

        share.CopyTo(new Span<uint>((uint*)(_base + ShareFileHeader.Size) + (long)row * there.Length, there.Length));
    }

    /// <summary>Opens a share file and checks that it is whole and is the expected party's.</summary>
    /// <param name="path">The file.</param>
    /// <param name="expectedParty">The party that is to hold it: 1, 2 or 3.</param>
    /// <param name="verifyChecksum">Whether to read it all and compare its checksum; the header is checked in any case.</param>
    /// <param name="expectedDeployment">The deployment it must be of; null accepts any.</param>
    /// <exception cref="TableException">
    /// With a message of its own each: absent, not a share file, unknown version, damaged header, cut short or too long, wrong
    /// checksum, other party, other deployment.
    /// </exception>
    public static ShareFile Open(string path, int expectedParty, bool verifyChecksum = true, Guid? expectedDeployment = null)
    {
        Elements.RequireLittleEndian();
        FileStream stream = OpenStream(path);
        MemoryMappedFile? file = null;
        MemoryMappedViewAccessor? view = null;
        bool pointed = false;
        try
        {
            byte[] head = new byte[ShareFileHeader.Size];
            int got = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            ShareFileHeader header = ShareFileHeader.Parse(head.AsSpan(0, got), path);
            header.CheckOwner(path, expectedParty, expectedDeployment);
            long expectedLength = ShareFileHeader.Size + header.PayloadBytes;
            if (stream.Length != expectedLength)
            {
                throw new TableException(stream.Length < expectedLength
                    ? $"Share file '{path}' is cut short: {stream.Length:N0} of {expectedLength:N0} bytes are there. Copy it again, or share the table again."
                    : $"Share file '{path}' is {stream.Length:N0} bytes long where its header says {expectedLength:N0}. Copy it again, or share the table again.");
            }

            if (verifyChecksum)
            {
                // Through the stream, not the map: a failing disk is then an exception rather than a fault.
                byte[] checksum = SHA256.HashData(stream);
                if (!checksum.AsSpan().SequenceEqual(header.PayloadChecksum))
                {
                    throw new TableException($"Share file '{path}' has a wrong checksum: its contents are damaged. Copy it again, or share the table again.");
                }
            }

            file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            view = file.CreateViewAccessor(0, expectedLength,
                IsChangeable(header.Description) ? MemoryMappedFileAccess.CopyOnWrite : MemoryMappedFileAccess.Read);
            byte* start = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            pointed = true;
            return new ShareFile(header, file, view, start + view.PointerOffset);
        }
        catch (Exception e)
        {
            if (pointed)
            {
                view!.SafeMemoryMappedViewHandle.ReleasePointer();
            }

            view?.Dispose();
            file?.Dispose();
            stream.Dispose();
            if (e is IOException or UnauthorizedAccessException)
            {
                throw new TableException($"Share file '{path}' cannot be read: {e.Message}", e);
            }

            throw;
        }
    }

    /// <summary>Unmaps the file. Spans from it must no longer be used.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _file.Dispose();
        }
    }

    private static bool IsChangeable(TableDescription table) => table.Product == TableDescription.BeaverProduct;

    private static FileStream OpenStream(string path)
    {
        try
        {
            // Delete is shared so that a newer version of the table can be put in place while this one is served.
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new TableException($"There is no share file '{path}'. Share the table, or copy this party's share to this machine.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TableException($"Share file '{path}' cannot be read: {e.Message}", e);
        }
    }
}
