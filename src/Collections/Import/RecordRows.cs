using System.Security.Cryptography;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;

namespace Trident.Collections.Import;

/// <summary>
/// The record table's rows, in the order of the ids. Where the vectors come in another order, each pass over them keeps those of a window
/// of rows.
/// </summary>
internal sealed class RecordRows(IVectorSource vectors, RecordLayout layout, IdList ids, PayloadList payloads, long memory, CancellationToken ct) : IVectorSource
{
    private readonly int _windowRows = (int)Math.Clamp(ids.RowOf is null ? 1 : memory / layout.RowShape.Bytes, 1, layout.Rows(vectors.Rows));
    private byte[] _window = [];
    private int _first, _next, _read;

    /// <inheritdoc/>
    public int Rows => layout.Rows(vectors.Rows);

    /// <inheritdoc/>
    public RecordShape Shape => layout.RowShape;

    /// <inheritdoc/>
    public bool Next(Span<byte> record)
    {
        VectorFile.CheckRecord(record, Shape);
        if (_next == Rows)
        {
            return false;
        }

        if (_next == _first + _windowRows || _window.Length == 0)
        {
            Fill();
        }

        _window.AsSpan((_next - _first) * Shape.Bytes, Shape.Bytes).CopyTo(record);
        _next++;
        return true;
    }

    /// <inheritdoc/>
    public void Reset()
    {
        vectors.Reset();
        (_first, _next, _read) = (0, 0, 0);
        Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_window);
        _window = [];
    }

    private void Fill()
    {
        _first = _next;
        int size = layout.RecordBytes;
        if (_window.Length == 0)
        {
            _window = new byte[checked(_windowRows * Shape.Bytes)];
        }

        // The last row may be of fewer records than PerRow: what is missing is zero.
        Array.Clear(_window);
        long from = (long)_first * layout.PerRow, to = Math.Min(from + (long)_windowRows * layout.PerRow, vectors.Rows);
        if (ids.RowOf is not null)
        {
            vectors.Reset();
            _read = 0;
        }

        byte[] vector = new byte[layout.Vector.Bytes];
        for (long left = to - from; left > 0; _read++)
        {
            if (_read % 4096 == 0)
            {
                ct.ThrowIfCancellationRequested();
            }

            if (!vectors.Next(vector))
            {
                throw new TableException($"The vectors end before number {_read} of {vectors.Rows:N0}. Nothing was shared; leave the file alone while it is read.");
            }

            int row = ids.RowOf?[_read] ?? _read;
            if (row >= from && row < to)
            {
                layout.Write(vector, ids.Of(_read), payloads.Of(_read), _window.AsSpan((int)(row - from) * size, size));
                left--;
            }
        }

        CryptographicOperations.ZeroMemory(vector);
    }
}
