namespace Trident.Protocol.Tables;

/// <summary>What the header of an array file says about where its elements are.</summary>
/// <param name="DataOffset">First byte of the first element.</param>
/// <param name="Rows">How many records.</param>
/// <param name="Shape">The shape of each.</param>
/// <param name="BigEndian">Whether elements have their high byte first.</param>
/// <param name="ColumnMajor">Whether element 0 of all records comes first (Fortran order).</param>
internal sealed record ArrayLayout(int DataOffset, int Rows, RecordShape Shape, bool BigEndian, bool ColumnMajor)
{
    /// <summary>Checks numbers as they are in a header.</summary>
    /// <exception cref="TableException">No records, or more or larger ones than a table can have.</exception>
    public static ArrayLayout Of(string path, int dataOffset, ulong rows, ulong dimension, ElementKind kind, bool bigEndian, bool columnMajor)
    {
        if (rows == 0 || dimension == 0)
        {
            throw new TableException($"'{path}' holds no elements ({rows} records of {dimension}); a table has at least one record of one element.");
        }

        if (rows > TableDescription.MaxRows)
        {
            throw new TableException($"'{path}' has {rows:N0} records; a table has at most {TableDescription.MaxRows:N0}. Split it into several tables.");
        }

        if (dimension > RecordShape.MaxDimension)
        {
            throw new TableException($"'{path}' has records of {dimension:N0} elements; a record has at most {RecordShape.MaxDimension:N0}.");
        }

        return new ArrayLayout(dataOffset, (int)rows, new RecordShape(kind, (int)dimension), bigEndian, columnMajor);
    }
}

/// <summary>An array whose records follow each other without anything between: npy in C order, idx.</summary>
internal sealed class DenseVectors : IVectorSource
{
    private readonly VectorStream _stream;
    private readonly ArrayLayout _layout;
    private int _next;

    /// <summary>Reads on from where the header ended.</summary>
    public DenseVectors(VectorStream stream, ArrayLayout layout) => (_stream, _layout) = (stream, layout);

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

        if (_stream.Read(record) < record.Length)
        {
            throw new TableException(
                $"'{_stream.Path}' is cut short within record {_next}; its header says {Rows:N0} records. Fetch or write the file again.");
        }

        if (_layout.BigEndian)
        {
            Elements.Reverse(record, Shape.ElementBytes);
        }

        Elements.RefuseNaN(record, Shape.Element, _stream.Path, _next);
        _next++;
        return true;
    }

    /// <summary>Refuses bytes after the last record: then the header is not this array's.</summary>
    public void CheckEnd()
    {
        Span<byte> more = stackalloc byte[1];
        if (_stream.Read(more) != 0)
        {
            throw new TableException(
                $"'{_stream.Path}' goes on after the {Rows:N0} records that its header says. Fetch or write the file again.");
        }
    }

    /// <inheritdoc/>
    public void Reset()
    {
        _stream.Rewind();
        _stream.Skip(_layout.DataOffset);
        _next = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();
}
