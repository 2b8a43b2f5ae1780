namespace Trident.Console.Silos;

/// <summary>Finds the program of a silo.</summary>
internal static class SiloBinary
{
    /// <summary>Environment variable that names it; the launcher sets it.</summary>
    public const string Variable = "TRIDENT_SILO_DLL";

    /// <summary>The path of <c>Trident.Silo.dll</c>: what the variable names, or the build beside this console's.</summary>
    /// <exception cref="ConsoleException">It is not there.</exception>
    public static string Find()
    {
        string? named = Environment.GetEnvironmentVariable(Variable);
        if (!string.IsNullOrEmpty(named))
        {
            return File.Exists(named) ? Path.GetFullPath(named) : throw new ConsoleException($"{Variable} names {named}, which does not exist.");
        }

        // src/Console/bin/CONFIGURATION/FRAMEWORK → src/Silo/bin/CONFIGURATION/FRAMEWORK
        DirectoryInfo here = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        string? sources = here.Parent?.Parent?.Parent?.Parent?.FullName;
        string beside = Path.Combine(sources ?? "", "Silo", "bin", here.Parent?.Name ?? "", here.Name, "Trident.Silo.dll");
        return File.Exists(beside)
            ? beside
            : throw new ConsoleException($"Trident.Silo.dll was not found. Use the launcher ./trident, or set {Variable} to its path.");
    }
}
