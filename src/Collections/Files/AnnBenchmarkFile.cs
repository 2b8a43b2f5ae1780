using PureHDF;
using PureHDF.VOL.Native;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;

namespace Trident.Collections.Files;

/// <summary>
/// A file of ann-benchmarks (HDF5): the datasets <c>train</c>, <c>test</c>, <c>neighbors</c> and <c>distances</c>, of which only the first
/// must be there, and the attribute <c>distance</c> of the root. Datasets are read in blocks of rows, contiguous or chunked, compressed by
/// gzip or not; elements are float32, float64, u8 or i4. Not thread-safe.
/// </summary>
public sealed class AnnBenchmarkFile : IDisposable
{
    // What is read whole (test, neighbors, distances): 100,000 queries of 1,000 figures, and more than any published file has.
    private const long MaxWhole = 100_000_000;

    private readonly NativeFile _file;
    private readonly string _path;

    private AnnBenchmarkFile(NativeFile file, string path) => (_file, _path) = (file, path);

    /// <summary>What <c>distance</c> says: euclidean is l2, angular is cosine, ip or dot is ip; null where it says something else, or nothing.</summary>
    public Metric? Metric { get; private init; }

    /// <summary>The queries, one array each; none when the file has no <c>test</c>. Read when first asked for.</summary>
    /// <exception cref="TableException">The dataset is damaged or of no known shape.</exception>
    public float[][] Test => field ??= Has("test") ? ReadFloats(OpenTest) : [];

    /// <summary>Whether a name is one of an HDF5 file: .hdf5 or .h5.</summary>
    public static bool IsName(string path) => Path.GetExtension(path).ToLowerInvariant() is ".hdf5" or ".h5";

    /// <summary>Opens a file and reads its directory; the data is read later.</summary>
    /// <exception cref="TableException">Absent, unreadable, not HDF5, cut short or damaged, or without <c>train</c>; each with its own message.</exception>
    public static AnnBenchmarkFile Open(string path)
    {
        Hdf5Superblock.Check(path);
        NativeFile file = Hdf5Guard.Read(path, () => H5File.OpenRead(path));
        try
        {
            AnnBenchmarkFile opened = new(file, path) { Metric = Hdf5Guard.Read(path, () => MetricOf(file)) };
            if (!opened.Has("train"))
            {
                string there = string.Join(", ", Hdf5Guard.Read(path, () => file.Children().Select(child => child.Name).Take(20).ToArray()));
                throw new TableException($"'{path}' has no dataset 'train', the vectors of an ann-benchmarks file; it has: {there}.");
            }

            return opened;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The vectors to search in, read through once here, so that what is wrong with them is known before anything is made of them. Values
    /// that are all whole numbers 0 to 255 come as u8. The source reads from this file: dispose it first.
    /// </summary>
    /// <exception cref="TableException">Damaged, NaN, of no known type or shape, or too large for a table.</exception>
    public IVectorSource OpenTrain() => Hdf5Vectors.Open(_path, Dataset("train"), "train");

    /// <summary>The queries as records; see <see cref="OpenTrain"/>.</summary>
    /// <exception cref="TableException">There are none, or as for <see cref="OpenTrain"/>.</exception>
    public IVectorSource OpenTest() => Hdf5Vectors.Open(_path, Dataset("test"), "test");

    /// <summary>Row numbers in <c>train</c> of each query's true neighbours, nearest first; null where the file has none. Read when first asked for.</summary>
    /// <exception cref="TableException">The dataset is damaged or of no known shape.</exception>
    public int[][]? Neighbors => field ??= Has("neighbors") ? ReadRows<int>("neighbors") : null;

    /// <summary>Distances of <see cref="Neighbors"/>, as the file measures them; null where the file has none. Read when first asked for.</summary>
    /// <exception cref="TableException">The dataset is damaged or of no known shape.</exception>
    public float[][]? Distances => field ??= Has("distances") ? ReadRows<float>("distances") : null;

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static Metric? MetricOf(NativeFile file) => !file.AttributeExists("distance")
        ? null
        : file.Attribute("distance").Read<string>().TrimEnd('\0', ' ').ToLowerInvariant() switch
        {
            "euclidean" or "l2" => Protocol.Collections.Metric.L2,
            "angular" or "cosine" => Protocol.Collections.Metric.Cosine,
            "ip" or "dot" => Protocol.Collections.Metric.Ip,
            _ => null,
        };

    private bool Has(string name) => Hdf5Guard.Read(_path, () => _file.LinkExists(name));

    private IH5Dataset Dataset(string name) => Has(name)
        ? Hdf5Guard.Read(_path, () => _file.Dataset(name))
        : throw new TableException($"'{_path}' has no dataset '{name}'.");

    private float[][] ReadFloats(Func<IVectorSource> open)
    {
        using IVectorSource source = open();
        if ((long)source.Rows * source.Shape.Dimension > MaxWhole)
        {
            throw TooLarge("test", source.Rows, source.Shape.Dimension);
        }

        byte[] record = new byte[source.Shape.Bytes];
        double[] values = new double[source.Shape.Dimension];
        float[][] rows = new float[source.Rows][];
        for (int row = 0; row < rows.Length && source.Next(record); row++)
        {
            VectorNumbers.Read(source.Shape.Element, record, values);
            rows[row] = Array.ConvertAll(values, value => (float)value);
        }

        return rows;
    }

    private T[][] ReadRows<T>(string name)
        where T : unmanaged
    {
        IH5Dataset dataset = Dataset(name);
        (int rows, int dimension) = Hdf5Vectors.SizeOf(_path, dataset, name);
        if ((long)rows * dimension > MaxWhole)
        {
            throw TooLarge(name, rows, dimension);
        }

        T[] all = Hdf5Guard.Read(_path, () => dataset.Type.Class switch
        {
            H5DataTypeClass.FixedPoint when dataset.Type.Size == sizeof(int) => Convert<int, T>(dataset.Read<int[]>(memoryDims: [(ulong)rows * (ulong)dimension])),
            H5DataTypeClass.FixedPoint when dataset.Type.Size == sizeof(long) => Convert<long, T>(dataset.Read<long[]>(memoryDims: [(ulong)rows * (ulong)dimension])),
            H5DataTypeClass.FloatingPoint when dataset.Type.Size == sizeof(float) => Convert<float, T>(dataset.Read<float[]>(memoryDims: [(ulong)rows * (ulong)dimension])),
            H5DataTypeClass.FloatingPoint when dataset.Type.Size == sizeof(double) => Convert<double, T>(dataset.Read<double[]>(memoryDims: [(ulong)rows * (ulong)dimension])),
            _ => throw new TableException($"'{_path}': the dataset '{name}' has elements of no known type; known are integers and floating point numbers of 4 and 8 bytes."),
        });
        return [.. all.Chunk(dimension)];
    }

    // Every element is of a primitive number type; an id that does not fit is a damaged file.
    private static TTo[] Convert<TFrom, TTo>(TFrom[] from)
        where TFrom : unmanaged
        where TTo : unmanaged =>
        from is TTo[] same ? same : Array.ConvertAll(from, value => (TTo)System.Convert.ChangeType(value, typeof(TTo), System.Globalization.CultureInfo.InvariantCulture));

    private TableException TooLarge(string name, int rows, int dimension) =>
        new($"'{_path}': the dataset '{name}' has {rows:N0} × {dimension:N0} figures; at most {MaxWhole:N0} are read.");
}
