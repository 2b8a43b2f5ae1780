using System.Globalization;

namespace Trident.Grains.Placement;

/// <summary>Silo names carry the party, because a name is a local read where silo metadata is a remote call.</summary>
public static class SiloNames
{
    private const string Prefix = "party-";

    /// <summary>The name of a party's silo.</summary>
    public static string Of(int party) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{party}");

    /// <summary>The party in a name <c>party-N</c> or <c>party-N-k</c>; 0 for any other name.</summary>
    public static int PartyOf(string? name) =>
        name is not null && name.StartsWith(Prefix, StringComparison.Ordinal) && name.Length > Prefix.Length
        && name[Prefix.Length] is >= '1' and <= '3' && (name.Length == Prefix.Length + 1 || name[Prefix.Length + 1] == '-')
            ? name[Prefix.Length] - '0'
            : 0;
}
