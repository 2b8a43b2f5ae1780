using System.IO.Compression;

namespace Trident.Protocol.Tables;

/// <summary>A file of vectors as a stream of bytes, decompressed when its name ends in .gz, with errors that name it.</summary>
internal sealed class VectorStream : IDisposable
{
    private const int BufferBytes = 1 << 18;

    private Stream _stream;

    /// <summary>Opens a file.</summary>
    /// <exception cref="TableException">It is absent, empty, a directory, or may not be read.</exception>
    public VectorStream(string path)
    {
        Path = path;
        _stream = Open(path);
    }

    /// <summary>The file's path as it was given.</summary>
    public string Path { get; }

    /// <summary>Whether the file is compressed, so that only reading on is possible.</summary>
    public bool Compressed => IsCompressed(Path);

    /// <summary>Whether a name is that of a compressed file.</summary>
    public static bool IsCompressed(string path) => path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads on until the buffer is full or the file ends.</summary>
    /// <returns>How many bytes were read.</returns>
    /// <exception cref="TableException">The file cannot be read or is no gzip file.</exception>
    public int Read(Span<byte> buffer)
    {
        try
        {
            return _stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        }
        catch (InvalidDataException e)
        {
            throw new TableException($"'{Path}' cannot be decompressed: {e.Message} Fetch it again, or decompress it by other means.", e);
        }
        catch (IOException e)
        {
            throw new TableException($"'{Path}' cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Skips bytes that were read before.</summary>
    public void Skip(long bytes)
    {
        byte[] sink = new byte[4096];
        while (bytes > 0)
        {
            int got = Read(sink.AsSpan(0, (int)Math.Min(bytes, sink.Length)));
            if (got == 0)
            {
                throw new TableException($"'{Path}' became shorter while it was read. Leave the file alone until its table is shared.");
            }

            bytes -= got;
        }
    }

    /// <summary>Starts again at the first byte.</summary>
    public void Rewind()
    {
        _stream.Dispose();
        _stream = Open(Path);
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private static Stream Open(string path)
    {
        if (Directory.Exists(path))
        {
            throw new TableException($"'{path}' is a directory; name a file of vectors.");
        }

        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new TableException($"There is no file '{path}'.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TableException($"'{path}' cannot be read: {e.Message}", e);
        }

        if (file.CanSeek && file.Length == 0)
        {
            file.Dispose();
            throw new TableException($"'{path}' is empty; a table has at least one record.");
        }

        return IsCompressed(path) ? new BufferedStream(new GZipStream(file, CompressionMode.Decompress), BufferBytes) : file;
    }
}
