using System.Runtime.InteropServices;
using PureHDF;
using PureHDF.Selections;
using Trident.Protocol.Tables;

namespace Trident.Collections.Files;

/// <summary>A dataset of two dimensions as records, read in blocks of whole rows: memory use does not depend on how many there are.</summary>
internal abstract class Hdf5Vectors : IVectorSource
{
    private const int BlockBytes = 8 << 20;

    /// <inheritdoc/>
    public abstract int Rows { get; }

    /// <inheritdoc/>
    public abstract RecordShape Shape { get; }

    /// <summary>Opens a dataset and reads it through once. Singles that are all whole numbers 0 to 255 become bytes, as in an .fvecs file.</summary>
    /// <exception cref="TableException">Unknown type or shape, NaN, damaged, too large.</exception>
    public static IVectorSource Open(string path, IH5Dataset dataset, string name)
    {
        (H5DataTypeClass type, int size, bool signed) = Hdf5Guard.Read(path, () =>
            (dataset.Type.Class, dataset.Type.Size, dataset.Type.Class == H5DataTypeClass.FixedPoint && dataset.Type.FixedPoint.IsSigned));
        (int rows, int dimension) = SizeOf(path, dataset, name);
        Hdf5Vectors source = (type, size, signed) switch
        {
            (H5DataTypeClass.FloatingPoint, 4, _) => new Typed<float>(path, dataset, rows, new RecordShape(ElementKind.F4, dimension)),
            (H5DataTypeClass.FloatingPoint, 8, _) => new Typed<double>(path, dataset, rows, new RecordShape(ElementKind.F8, dimension)),
            (H5DataTypeClass.FixedPoint, 1, false) => new Typed<byte>(path, dataset, rows, new RecordShape(ElementKind.U8, dimension)),
            (H5DataTypeClass.FixedPoint, 4, true) => new Typed<int>(path, dataset, rows, new RecordShape(ElementKind.I4, dimension)),
            _ => throw new TableException($"'{path}': the dataset '{name}' has elements of {size} bytes of the class {type}{(signed ? ", signed" : "")}; known are float32, float64, u8 and i4."),
        };

        byte[] record = new byte[source.Shape.Bytes], bytes = new byte[dimension];
        bool narrow = source.Shape.Element == ElementKind.F4;
        while (source.Next(record))
        {
            narrow = narrow && Elements.TryNarrow(record, bytes);
        }

        source.Reset();
        return narrow ? new Narrowed(source) : source;
    }

    /// <summary>Rows and columns of a dataset, where they are such as a table can have.</summary>
    /// <exception cref="TableException">Not of two dimensions, empty, or too large.</exception>
    public static (int Rows, int Dimension) SizeOf(string path, IH5Dataset dataset, string name)
    {
        ulong[] sizes = Hdf5Guard.Read(path, () => dataset.Space.Dimensions);
        if (sizes is not [>= 1 and <= TableDescription.MaxRows, >= 1 and <= RecordShape.MaxDimension])
        {
            throw new TableException(
                $"'{path}': the dataset '{name}' is of the size {(sizes.Length == 0 ? "of a single value" : string.Join(" × ", sizes))}; a table of 1 to {TableDescription.MaxRows:N0} vectors of 1 to {RecordShape.MaxDimension:N0} elements is needed.");
        }

        return ((int)sizes[0], (int)sizes[1]);
    }

    /// <inheritdoc/>
    public abstract bool Next(Span<byte> record);

    /// <inheritdoc/>
    public abstract void Reset();

    /// <inheritdoc/>
    public void Dispose()
    {
        // The file belongs to its AnnBenchmarkFile.
    }

    private sealed class Typed<T>(string path, IH5Dataset dataset, int rows, RecordShape shape) : Hdf5Vectors
        where T : unmanaged
    {
        private readonly int _blockRows = Math.Clamp(BlockBytes / shape.Bytes, 1, rows);
        private T[] _block = [];
        private int _next, _first;

        public override int Rows => rows;

        public override RecordShape Shape => shape;

        public override bool Next(Span<byte> record)
        {
            VectorFile.CheckRecord(record, shape);
            if (_next == rows)
            {
                return false;
            }

            if (_block.Length == 0 || _next == _first + _block.Length / shape.Dimension)
            {
                ReadBlock();
            }

            MemoryMarshal.AsBytes(_block.AsSpan((_next - _first) * shape.Dimension, shape.Dimension)).CopyTo(record);
            Elements.RefuseNaN(record, shape.Element, path, _next);
            _next++;
            return true;
        }

        public override void Reset() => (_next, _first, _block) = (0, 0, []);

        private void ReadBlock()
        {
            int count = Math.Min(_blockRows, rows - _next);
            if (_block.Length != count * shape.Dimension)
            {
                _block = new T[count * shape.Dimension];
            }

            HyperslabSelection where = new(2, [(ulong)_next, 0], [(ulong)count, (ulong)shape.Dimension]);
            T[] block = _block;
            _ = Hdf5Guard.Read(path, () =>
            {
                dataset.Read(block, fileSelection: where, memoryDims: [(ulong)block.Length]);
                return true;
            });
            _first = _next;
        }
    }

    private sealed class Narrowed(Hdf5Vectors source) : IVectorSource
    {
        private readonly byte[] _singles = new byte[source.Shape.Bytes];

        public int Rows => source.Rows;

        public RecordShape Shape { get; } = new(ElementKind.U8, source.Shape.Dimension);

        public bool Next(Span<byte> record)
        {
            VectorFile.CheckRecord(record, Shape);
            if (!source.Next(_singles))
            {
                return false;
            }

            return Elements.TryNarrow(_singles, record)
                ? true
                : throw new TableException("The file of vectors was changed while it was read. Leave it alone, and share again.");
        }

        public void Reset() => source.Reset();

        public void Dispose() => source.Dispose();
    }
}
