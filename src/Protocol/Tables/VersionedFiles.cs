namespace Trident.Protocol.Tables;

/// <summary>Files whose names hold a version between what says whose they are and what says what they are.</summary>
internal static class VersionedFiles
{
    /// <summary>
    /// Deletes all of them in a directory but one. A file that cannot be deleted stays: nothing names it any more, and whoever
    /// sweeps next tries again.
    /// </summary>
    /// <param name="directory">Where they are; need not exist.</param>
    /// <param name="before">What their names begin with.</param>
    /// <param name="after">What their names end with.</param>
    /// <param name="current">Name of the file that stays; null for none.</param>
    public static void Delete(string directory, string before, string after, string? current)
    {
        try
        {
            foreach (string file in Directory.GetFiles(directory, $"{before}*{after}"))
            {
                // Between the two is a version and nothing else: 'x' must not match the files of 'x.scores'.
                string name = Path.GetFileName(file);
                if (name != current && name.Length > before.Length + after.Length && Guid.TryParseExact(name[before.Length..^after.Length], "N", out _))
                {
                    TryDelete(file);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // See the summary.
        }
    }

    /// <summary>Deletes a file where that can be done.</summary>
    public static void TryDelete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // As for Delete.
        }
    }
}
