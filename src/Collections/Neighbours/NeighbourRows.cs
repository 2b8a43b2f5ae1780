using System.Buffers.Binary;
using Trident.Collections.Import;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;

namespace Trident.Collections.Neighbours;

/// <summary>The table of neighbours as records: for each row the ids of its nearest, nearest first.</summary>
internal sealed class NeighbourRows(NearestLists lists, RecordLayout layout, IdList ids, int count, int perList) : IVectorSource
{
    private readonly int[]? _vectorAt = Inverse(ids.RowOf);
    private int _next;

    /// <inheritdoc/>
    public int Rows => count;

    /// <inheritdoc/>
    public RecordShape Shape { get; } = layout.NeighboursShape(perList);

    /// <inheritdoc/>
    public bool Next(Span<byte> record)
    {
        VectorFile.CheckRecord(record, Shape);
        if (_next == count)
        {
            return false;
        }

        record.Clear();
        int size = layout.NeighbourIdBytes;
        foreach (int row in lists.Of(_next))
        {
            if (layout.Ids == IdKind.Row)
            {
                BinaryPrimitives.WriteInt32LittleEndian(record, row);
            }
            else
            {
                ids.Of(_vectorAt?[row] ?? row).CopyTo(record);
            }

            record = record[size..];
        }

        _next++;
        return true;
    }

    /// <inheritdoc/>
    public void Reset() => _next = 0;

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private static int[]? Inverse(int[]? rowOf)
    {
        if (rowOf is null)
        {
            return null;
        }

        int[] vectorAt = new int[rowOf.Length];
        for (int at = 0; at < rowOf.Length; at++)
        {
            vectorAt[rowOf[at]] = at;
        }

        return vectorAt;
    }
}
