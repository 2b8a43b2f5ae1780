using Trident.Protocol.Tables;

namespace Trident.Console.Measuring;

/// <summary>The first records of a source, as a source.</summary>
internal sealed class FirstRows : IVectorSource
{
    private readonly IVectorSource _source;
    private int _next;

    /// <summary>Takes the first <paramref name="rows"/> of <paramref name="source"/>, which it then owns.</summary>
    /// <exception cref="ConsoleException">There are not so many.</exception>
    public FirstRows(IVectorSource source, int rows, string path)
    {
        if (rows > source.Rows)
        {
            throw new ConsoleException(FormattableString.Invariant($"--rows asks for {rows:N0} rows, but {path} holds {source.Rows:N0}."));
        }

        (_source, Rows) = (source, rows);
    }

    /// <inheritdoc/>
    public int Rows { get; }

    /// <inheritdoc/>
    public RecordShape Shape => _source.Shape;

    /// <inheritdoc/>
    public bool Next(Span<byte> record)
    {
        if (_next == Rows || !_source.Next(record))
        {
            return false;
        }

        _next++;
        return true;
    }

    /// <inheritdoc/>
    public void Reset()
    {
        _source.Reset();
        _next = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();
}
