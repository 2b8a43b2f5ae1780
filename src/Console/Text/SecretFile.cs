namespace Trident.Console.Text;

/// <summary>A secret that an option gives as it is or as the file that holds it; a command line can be read by every user of the machine.</summary>
internal static class SecretFile
{
    /// <summary>The secret; null when neither is given.</summary>
    /// <param name="option">Name of the option; the file's has <c>-file</c> at its end.</param>
    /// <param name="secret">What the option gives.</param>
    /// <param name="file">What the file's option gives.</param>
    /// <exception cref="ConsoleException">Both are given, or the file cannot be read.</exception>
    public static string? Read(string option, string? secret, string? file)
    {
        if (file is null)
        {
            return secret;
        }

        if (secret is not null)
        {
            throw new ConsoleException($"Give {option} or {option}-file, not both.", CommandRunner.UsageError);
        }

        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConsoleException($"The file of {option}-file cannot be read: {e.Message}");
        }
    }
}
