namespace Trident.Console.Silos;

/// <summary>Finds the program of a silo.</summary>
internal static class SiloBinary
{
    /// <summary>Environment variable that names it, a program or a <c>.dll</c>; the launcher sets it.</summary>
    public const string Variable = "TRIDENT_SILO_DLL";

    /// <summary>Its name where Trident is published.</summary>
    public const string Published = "trident-silo";

    /// <summary>
    /// The path of the silo's program: what the variable names; or <see cref="Published"/> beside this program; or the build of
    /// <c>Trident.Silo.dll</c> beside this console's.
    /// </summary>
    /// <exception cref="ConsoleException">It is not there.</exception>
    public static string Find() => Find(AppContext.BaseDirectory, Environment.GetEnvironmentVariable(Variable));

    /// <summary>As <see cref="Find()"/>, for a console in <paramref name="directory"/>.</summary>
    /// <param name="directory">Where this console's program is.</param>
    /// <param name="named">What the variable holds; null or empty when it is not set.</param>
    /// <exception cref="ConsoleException">It is not there.</exception>
    internal static string Find(string directory, string? named)
    {
        if (!string.IsNullOrEmpty(named))
        {
            return File.Exists(named) ? Path.GetFullPath(named) : throw new ConsoleException($"{Variable} names {named}, which does not exist.");
        }

        string published = Path.Combine(directory, Published);
        if (File.Exists(published))
        {
            return published;
        }

        // src/Console/bin/CONFIGURATION/FRAMEWORK → src/Silo/bin/CONFIGURATION/FRAMEWORK
        DirectoryInfo here = new(directory.TrimEnd(Path.DirectorySeparatorChar));
        string? sources = here.Parent?.Parent?.Parent?.Parent?.FullName;
        string built = Path.Combine(sources ?? "", "Silo", "bin", here.Parent?.Name ?? "", here.Name, "Trident.Silo.dll");
        return File.Exists(built)
            ? built
            : throw new ConsoleException(
                $"The silo's program was not found: neither {Published} in {here.FullName} nor a build of Trident.Silo.dll. "
                + $"Use the launcher ./trident, keep published programs together, or set {Variable} to its path.");
    }
}
