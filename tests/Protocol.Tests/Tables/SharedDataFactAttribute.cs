using System.Runtime.CompilerServices;
using Xunit;

namespace Trident.Protocol.Tests.Tables;

/// <summary>
/// A test on real vectors, which are not part of the project. Where they are absent it is reported as skipped, not as passed.
/// They are looked for where TRIDENT_SHARED says (and are then expected there), else in a "shared" directory beside the checkout.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SharedDataFactAttribute : FactAttribute
{
    public SharedDataFactAttribute()
    {
        if (Find() is null)
        {
            Skip = "LEFT OUT: no shared data here; set TRIDENT_SHARED to a directory that has data/sift10k/base.fvecs.";
        }
    }

    /// <summary>The directory of shared data; null when there is none.</summary>
    public static string? Find([CallerFilePath] string thisFile = "")
    {
        string? named = Environment.GetEnvironmentVariable("TRIDENT_SHARED");
        if (!string.IsNullOrEmpty(named))
        {
            return named;
        }

        for (DirectoryInfo? at = new FileInfo(thisFile).Directory; at is not null; at = at.Parent)
        {
            string shared = Path.Combine(at.FullName, "shared");
            if (File.Exists(Path.Combine(shared, "data", "sift10k", "base.fvecs")))
            {
                return shared;
            }
        }

        return null;
    }
}
