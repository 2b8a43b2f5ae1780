namespace Trident.Console.Text;

/// <summary>How commands say whether an answer was checked.</summary>
internal static class Verification
{
    /// <summary>One clause; <paramref name="unverified"/> is why it was not, null when it was.</summary>
    public static string Clause(string? unverified) =>
        unverified is null ? "the third party's share agrees" : $"NOT VERIFIED, only two parties answered ({unverified})";
}
