using Trident.Protocol.Tables;

namespace Trident.Console.Measuring;

/// <summary>A vector file in memory, to compare answers with.</summary>
internal sealed class PlainTable
{
    private readonly byte[][] _records;

    private PlainTable(byte[][] records, RecordShape shape) => (_records, Shape) = (records, shape);

    /// <summary>Rows of the file.</summary>
    public int Rows => _records.Length;

    /// <summary>Shape of a record.</summary>
    public RecordShape Shape { get; }

    /// <summary>Reads a whole file.</summary>
    /// <exception cref="TableException">As <see cref="VectorFile.Open"/>.</exception>
    public static PlainTable Read(string path, CancellationToken stop)
    {
        using IVectorSource source = VectorFile.Open(path);
        return Read(source, path, stop);
    }

    /// <summary>Reads a source from its first record on.</summary>
    /// <param name="source">The records; not disposed.</param>
    /// <param name="path">Where they come from, for messages.</param>
    /// <param name="stop">Gives up.</param>
    public static PlainTable Read(IVectorSource source, string path, CancellationToken stop)
    {
        source.Reset();
        byte[][] records = new byte[source.Rows][];
        for (int i = 0; i < records.Length; i++)
        {
            stop.ThrowIfCancellationRequested();
            records[i] = new byte[source.Shape.Bytes];
            if (!source.Next(records[i]))
            {
                throw new ConsoleException($"{path} ended after {i} of {records.Length} records.");
            }
        }

        return new PlainTable(records, source.Shape);
    }

    /// <summary>Refuses a file of another shape than the table has: the comparison would mean nothing.</summary>
    public void MustFit(TableDescription table, string path)
    {
        if (Rows != table.Rows || Shape != table.Shape)
        {
            throw new ConsoleException(
                $"{path} holds {Rows} × {Shape.Dimension} {Shape.Element}, but table {table.Name} is {table.Rows} × {table.Shape.Dimension} {table.Shape.Element}: give the file that the table was shared from.");
        }
    }

    /// <summary>Whether an answer for <paramref name="row"/> is what the file holds.</summary>
    public bool IsRight(int row, byte[] record) => record.AsSpan().SequenceEqual(_records[row]);
}
