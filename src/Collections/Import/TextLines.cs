using System.IO.Compression;
using System.Text;
using Trident.Protocol.Tables;

namespace Trident.Collections.Import;

/// <summary>The lines of a UTF-8 file, also compressed as .gz. A newline at the end is no line.</summary>
internal static class TextLines
{
    /// <summary>A file's name in small letters without .gz, which says its format.</summary>
    public static string FormatName(string path)
    {
        string name = Path.GetFileName(path).ToLowerInvariant();
        return IsCompressed(name) ? name[..^3] : name;
    }

    /// <summary>Opens a file, decompressing it where its name says so.</summary>
    public static Stream Open(string path)
    {
        FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
        return IsCompressed(path.ToLowerInvariant()) ? new GZipStream(file, CompressionMode.Decompress) : file;
    }

    /// <summary>Reads all lines; an invalid byte sequence is an error, not a replacement character.</summary>
    /// <param name="path">The file.</param>
    /// <param name="what">For messages: "file of ids".</param>
    /// <exception cref="TableException">Absent, unreadable, damaged, or not UTF-8.</exception>
    public static List<string> Read(string path, string what) => Guard(path, what, () =>
    {
        using StreamReader reader = new(Open(path), new UTF8Encoding(false, throwOnInvalidBytes: true));
        List<string> lines = [];
        while (reader.ReadLine() is { } line)
        {
            lines.Add(line);
        }

        return lines;
    });

    /// <summary>Turns what a file's reading may throw into a message that names it.</summary>
    public static T Guard<T>(string path, string what, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new TableException($"The {what} '{path}' does not exist.", e);
        }
        catch (DecoderFallbackException e)
        {
            throw new TableException($"The {what} '{path}' is not UTF-8 text. Convert it.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new TableException($"The {what} '{path}' cannot be read: {e.Message}", e);
        }
    }

    private static bool IsCompressed(string name) => name.EndsWith(".gz", StringComparison.Ordinal);
}
