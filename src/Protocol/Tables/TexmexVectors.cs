using System.Buffers.Binary;

namespace Trident.Protocol.Tables;

/// <summary>
/// The formats of the texmex corpora (fvecs, bvecs, ivecs): each record is its dimension as a little endian int32, followed by
/// that many singles, bytes or int32s. Singles that are all integers 0 to 255 become bytes, which takes a pass to find out;
/// the same pass counts the records and refuses what is wrong with them before anything is made from them.
/// </summary>
internal sealed class TexmexVectors : IVectorSource
{
    private readonly VectorStream _stream;
    private readonly ElementKind _stored;
    private readonly int _dimension;
    private readonly byte[] _buffer;
    private readonly bool _narrow;
    private int _next;

    /// <summary>Opens a file and reads it through once.</summary>
    /// <param name="stream">The file; this object's from now on.</param>
    /// <param name="stored">What one element is in the file.</param>
    /// <exception cref="TableException">Truncated, differing dimensions, NaN, or too many records.</exception>
    public TexmexVectors(VectorStream stream, ElementKind stored)
    {
        (_stream, _stored) = (stream, stored);
        Span<byte> first = stackalloc byte[sizeof(int)];
        int got = stream.Read(first);
        if (got == 0)
        {
            throw new TableException($"'{stream.Path}' is empty; a table has at least one record.");
        }

        if (got < first.Length)
        {
            throw Truncated(0);
        }

        _dimension = BinaryPrimitives.ReadInt32LittleEndian(first);
        if (_dimension is < 1 or > RecordShape.MaxDimension)
        {
            throw new TableException(
                $"'{stream.Path}': record 0 says that it has {_dimension} elements; a record has 1 to {RecordShape.MaxDimension:N0}. "
                + "Is the file of the format that its name says?");
        }

        _buffer = new byte[sizeof(int) + _dimension * RecordShape.SizeOf(stored)];
        stream.Rewind();

        bool narrow = stored == ElementKind.F4;
        byte[] narrowed = new byte[_dimension];
        int rows = 0;
        for (; ReadRecord(rows); rows++)
        {
            if (rows == TableDescription.MaxRows)
            {
                throw new TableException($"'{stream.Path}' has more than {TableDescription.MaxRows:N0} records; split it into several tables.");
            }

            narrow = narrow && Elements.TryNarrow(_buffer.AsSpan(sizeof(int)), narrowed);
        }

        _narrow = narrow;
        Rows = rows;
        Shape = new RecordShape(narrow ? ElementKind.U8 : stored, _dimension);
        stream.Rewind();
    }

    /// <inheritdoc/>
    public int Rows { get; }

    /// <inheritdoc/>
    public RecordShape Shape { get; }

    /// <inheritdoc/>
    public bool Next(Span<byte> record)
    {
        VectorFile.CheckRecord(record, Shape);
        if (_next == Rows)
        {
            return false;
        }

        if (!ReadRecord(_next))
        {
            throw Truncated(_next);
        }

        ReadOnlySpan<byte> values = _buffer.AsSpan(sizeof(int));
        if (!_narrow)
        {
            values.CopyTo(record);
        }
        else if (!Elements.TryNarrow(values, record))
        {
            throw new TableException(
                $"'{_stream.Path}': record {_next} changed while the file was read. Leave the file alone until its table is shared.");
        }

        _next++;
        return true;
    }

    /// <inheritdoc/>
    public void Reset()
    {
        _stream.Rewind();
        _next = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    /// <summary>Reads a record, dimension and all, into the buffer; false at the end of the file.</summary>
    private bool ReadRecord(int row)
    {
        int got = _stream.Read(_buffer);
        if (got == 0)
        {
            return false;
        }

        // The dimension comes first, also in a record that is cut short because its dimension is another.
        if (got >= sizeof(int) && BinaryPrimitives.ReadInt32LittleEndian(_buffer) is var dimension && dimension != _dimension)
        {
            throw new TableException(
                $"'{_stream.Path}': record {row} has {dimension} elements where record 0 has {_dimension}. "
                + "All records of a table have the same dimension.");
        }

        if (got < _buffer.Length)
        {
            throw Truncated(row);
        }

        Elements.RefuseNaN(_buffer.AsSpan(sizeof(int)), _stored, _stream.Path, row);
        return true;
    }

    private TableException Truncated(int row) =>
        new($"'{_stream.Path}' is cut short within record {row}. Fetch or write the file again.");
}
