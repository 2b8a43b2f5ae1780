using Trident.Protocol.Collections;
using Trident.Protocol.Tables;

namespace Trident.Collections.Files;

/// <summary>A file of vectors that is open, of any format that the data owner may have.</summary>
public sealed class VectorOpener : IDisposable
{
    private readonly AnnBenchmarkFile? _hdf5;

    private VectorOpener(IVectorSource source, AnnBenchmarkFile? hdf5) => (Source, _hdf5) = (source, hdf5);

    /// <summary>The vectors.</summary>
    public IVectorSource Source { get; }

    /// <summary>The metric that the file names; null where it names none.</summary>
    public Metric? Metric => _hdf5?.Metric;

    /// <summary>Opens what <see cref="VectorFile.Open"/> does, and .hdf5 and .h5 of ann-benchmarks, whose <c>train</c> it reads. Reads all once.</summary>
    /// <exception cref="TableException">As <see cref="VectorFile.Open"/> and <see cref="AnnBenchmarkFile.Open"/>.</exception>
    public static VectorOpener Open(string path)
    {
        if (!AnnBenchmarkFile.IsName(path))
        {
            return new VectorOpener(VectorFile.Open(path), null);
        }

        AnnBenchmarkFile file = AnnBenchmarkFile.Open(path);
        try
        {
            return new VectorOpener(file.OpenTrain(), file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Source.Dispose();
        _hdf5?.Dispose();
    }
}
