using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;

namespace Trident.Collections.Import;

/// <summary>
/// The score table as records: row j holds element j of every vector's column, N words. Made in several passes over the vectors, each of
/// which fills as many rows as fit the memory that it may take.
/// </summary>
internal sealed class ScoreRows(IVectorSource vectors, ScoreScale scale, int[]? rowOf, long memory, CancellationToken ct) : IVectorSource
{
    /// <summary>The memory of a pass unless told otherwise, in bytes.</summary>
    public const long UsualMemory = 256L << 20;

    private const int Batch = 512;

    private readonly int _perPass = (int)Math.Clamp(memory / sizeof(uint) / vectors.Rows, 1, scale.Rows(vectors.Shape.Dimension));
    private uint[][] _window = [];
    private int _first, _next;

    /// <inheritdoc/>
    public int Rows => scale.Rows(vectors.Shape.Dimension);

    /// <inheritdoc/>
    public RecordShape Shape { get; } = new(ElementKind.Word, vectors.Rows);

    /// <inheritdoc/>
    public bool Next(Span<byte> record)
    {
        VectorFile.CheckRecord(record, Shape);
        if (_next == Rows)
        {
            return false;
        }

        if (_window.Length == 0 || _next == _first + _perPass)
        {
            Fill();
        }

        MemoryMarshal.AsBytes(_window[_next - _first].AsSpan()).CopyTo(record);
        _next++;
        return true;
    }

    /// <inheritdoc/>
    public void Reset()
    {
        _next = 0;
        _first = -_perPass;
        Clear();
    }

    /// <inheritdoc/>
    public void Dispose() => Clear();

    private void Fill()
    {
        _first = _next;
        int count = Math.Min(_perPass, Rows - _first), rows = Rows;
        if (_window.Length != count)
        {
            Clear();
            _window = [.. Enumerable.Range(0, count).Select(_ => new uint[vectors.Rows])];
        }

        int bytes = vectors.Shape.Bytes, dimension = vectors.Shape.Dimension;
        int batch = Math.Clamp((16 << 20) / (rows * sizeof(uint)), 1, Batch);
        byte[] records = new byte[batch * bytes];
        uint[] columns = new uint[batch * rows];
        vectors.Reset();
        for (int done = 0; done < vectors.Rows;)
        {
            ct.ThrowIfCancellationRequested();
            int got = Math.Min(batch, vectors.Rows - done), start = done;
            for (int i = 0; i < got; i++)
            {
                if (!vectors.Next(records.AsSpan(i * bytes, bytes)))
                {
                    throw new TableException($"The vectors end before number {done + i} of {vectors.Rows:N0}. Nothing was shared; leave the file alone while it is read.");
                }
            }

            Parallel.For(0, Environment.ProcessorCount, part =>
            {
                double[] values = new double[dimension];
                for (int i = part; i < got; i += Environment.ProcessorCount)
                {
                    VectorNumbers.Read(vectors.Shape.Element, records.AsSpan(i * bytes, bytes), values);
                    scale.Column(values, columns.AsSpan(i * rows, rows));
                }

                Array.Clear(values);
            });
            Parallel.For(0, count, j =>
            {
                uint[] row = _window[j];
                for (int i = 0, at = _first + j; i < got; i++, at += rows)
                {
                    row[rowOf is null ? start + i : rowOf[start + i]] = columns[at];
                }
            });
            done += got;
        }

        CryptographicOperations.ZeroMemory(records);
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(columns.AsSpan()));
    }

    private void Clear()
    {
        foreach (uint[] row in _window)
        {
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(row.AsSpan()));
        }

        _window = [];
    }
}
