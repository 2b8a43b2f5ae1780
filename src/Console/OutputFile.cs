namespace Trident.Console;

/// <summary>A file that a command makes at its end: whether it can be made is found out at its start, and it is there whole or not at all.</summary>
internal static class OutputFile
{
    /// <summary>Refuses a file that could not be written. Minutes of work should not be lost to a mistyped directory.</summary>
    /// <param name="path">The file; null for none.</param>
    /// <param name="extension">What its name must end with, dot included; null for anything.</param>
    /// <exception cref="ConsoleException">Another ending, no such directory, a directory, or not to be written to.</exception>
    public static void MustBeWritable(string? path, string? extension = null)
    {
        if (path is null)
        {
            return;
        }

        if (extension is not null && !Path.GetExtension(path).Equals(extension, StringComparison.OrdinalIgnoreCase))
        {
            throw new ConsoleException($"{path} cannot be written: its name has to end with {extension}.");
        }

        string directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(directory))
        {
            throw new ConsoleException($"{path} cannot be written: its directory does not exist.");
        }

        if (Directory.Exists(path))
        {
            throw new ConsoleException($"{path} cannot be written: it is a directory.");
        }

        try
        {
            using FileStream probe = new(Temporary(path), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConsoleException($"{path} cannot be written: {e.Message}");
        }
    }

    /// <summary>Writes a file under a temporary name and renames it: what was there before stays until the new one is whole.</summary>
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        string temporary = Temporary(path);
        try
        {
            File.WriteAllBytes(temporary, bytes);
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static string Temporary(string path)
    {
        string full = Path.GetFullPath(path);
        return Path.Combine(Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.tmp");
    }
}
