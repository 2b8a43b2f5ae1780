using Microsoft.Win32.SafeHandles;

namespace Trident.Protocol.Tables;

/// <summary>
/// A column-major array (npy in Fortran order), read in blocks of rows: for each block, its part of every column. A block is at
/// most 4 MB (or one record, when that is more), however large the file.
/// </summary>
internal sealed class ColumnVectors : IVectorSource
{
    private const int BlockBytes = 4 << 20;

    private readonly string _path;
    private readonly ArrayLayout _layout;
    private readonly SafeFileHandle _file;
    private readonly byte[] _block;
    private readonly int _blockRows;
    private int _blockFirst;
    private int _blockCount;
    private int _next;

    /// <summary>Opens the file a second time, for reading here and there.</summary>
    /// <exception cref="TableException">The file's length is not what its header says, or it cannot be read.</exception>
    public ColumnVectors(string path, ArrayLayout layout)
    {
        (_path, _layout) = (path, layout);
        _blockRows = Math.Clamp(BlockBytes / layout.Shape.Bytes, 1, layout.Rows);
        _block = new byte[_blockRows * layout.Shape.Bytes];
        try
        {
            _file = File.OpenHandle(path, options: FileOptions.RandomAccess);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TableException($"'{path}' cannot be read: {e.Message}", e);
        }

        long expected = layout.DataOffset + (long)layout.Rows * layout.Shape.Bytes;
        long length = RandomAccess.GetLength(_file);
        if (length != expected)
        {
            _file.Dispose();

            // In column order a missing tail is the ends of the last columns; the first row that lacks one is named.
            long missing = Math.Max(0, length - layout.DataOffset) / layout.Shape.ElementBytes % layout.Rows;
            throw new TableException(length < expected
                ? $"'{path}' is cut short: {length:N0} of the {expected:N0} bytes that its header says are there, and record {missing} is not whole. Fetch or write the file again."
                : $"'{path}' goes on after the {layout.Rows:N0} records that its header says. Fetch or write the file again.");
        }
    }

    /// <inheritdoc/>
    public int Rows => _layout.Rows;

    /// <inheritdoc/>
    public RecordShape Shape => _layout.Shape;

    /// <inheritdoc/>
    public bool Next(Span<byte> record)
    {
        VectorFile.CheckRecord(record, Shape);
        if (_next == Rows)
        {
            return false;
        }

        if (_next >= _blockFirst + _blockCount)
        {
            ReadBlock(_next);
        }

        int size = Shape.ElementBytes;
        int within = (_next - _blockFirst) * size;
        for (int column = 0; column < Shape.Dimension; column++)
        {
            _block.AsSpan(column * _blockCount * size + within, size).CopyTo(record[(column * size)..]);
        }

        if (_layout.BigEndian)
        {
            Elements.Reverse(record, size);
        }

        Elements.RefuseNaN(record, Shape.Element, _path, _next);
        _next++;
        return true;
    }

    /// <inheritdoc/>
    public void Reset() => (_next, _blockFirst, _blockCount) = (0, 0, 0);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void ReadBlock(int first)
    {
        int count = Math.Min(_blockRows, Rows - first);
        int size = Shape.ElementBytes;
        try
        {
            for (int column = 0; column < Shape.Dimension; column++)
            {
                Span<byte> part = _block.AsSpan(column * count * size, count * size);
                long at = _layout.DataOffset + ((long)column * Rows + first) * size;
                while (!part.IsEmpty)
                {
                    int got = RandomAccess.Read(_file, part, at);
                    if (got == 0)
                    {
                        throw new TableException($"'{_path}' became shorter while it was read, at record {first}. Leave the file alone until its table is shared.");
                    }

                    part = part[got..];
                    at += got;
                }
            }
        }
        catch (IOException e)
        {
            throw new TableException($"'{_path}' cannot be read: {e.Message}", e);
        }

        (_blockFirst, _blockCount) = (first, count);
    }
}
