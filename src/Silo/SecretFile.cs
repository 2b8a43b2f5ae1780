namespace Trident.Silo;

/// <summary>A secret that a setting gives as it is or as the file that holds it. An empty setting is none.</summary>
internal static class SecretFile
{
    /// <summary>The secret; null when neither is given.</summary>
    /// <param name="setting">Name of the setting; the file's has <c>File</c> at its end.</param>
    /// <param name="secret">The secret.</param>
    /// <param name="file">Path of its file.</param>
    /// <exception cref="StartException">Both are given, or the file cannot be read, or is empty.</exception>
    public static string? Read(string setting, string? secret, string? file)
    {
        secret = string.IsNullOrWhiteSpace(secret) ? null : secret.Trim();
        if (string.IsNullOrWhiteSpace(file))
        {
            return secret;
        }

        if (secret is not null)
        {
            throw Bad($"{setting} and {setting}File are both given; give one.");
        }

        try
        {
            string text = File.ReadAllText(file).Trim();
            return text.Length > 0 ? text : throw Bad($"The file that {setting}File names, {file}, is empty.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Bad($"The file that {setting}File names cannot be read: {e.Message}");
        }
    }

    private static StartException Bad(string message) => new(StartException.BadConfiguration, message);
}
