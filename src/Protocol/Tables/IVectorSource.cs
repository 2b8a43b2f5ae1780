namespace Trident.Protocol.Tables;

/// <summary>Records from somewhere, one after the other: memory use does not depend on how many there are. Not thread-safe.</summary>
public interface IVectorSource : IDisposable
{
    /// <summary>How many records <see cref="Next"/> yields.</summary>
    int Rows { get; }

    /// <summary>The shape of every record.</summary>
    RecordShape Shape { get; }

    /// <summary>Reads the next record.</summary>
    /// <param name="record">Exactly Shape.Bytes bytes; elements little endian.</param>
    /// <returns>False, with nothing written, after the last record.</returns>
    /// <exception cref="TableException">The record cannot be read; the message names it.</exception>
    bool Next(Span<byte> record);

    /// <summary>Starts again at the first record.</summary>
    void Reset();
}
