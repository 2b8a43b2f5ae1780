using System.Globalization;

namespace Trident.Abstractions;

/// <summary>Grain keys. Every key starts with the party, because the placement reads it from there.</summary>
public static class PartyKeys
{
    /// <summary>The key of one query at one party: <c>party/queryId</c>.</summary>
    public static string Query(int party, Guid queryId) => string.Create(CultureInfo.InvariantCulture, $"{party}/{queryId:N}");

    /// <summary>The query that a query's key names; empty where the key is none.</summary>
    public static Guid QueryIdOf(string key) => key.Length > 2 && Guid.TryParseExact(key.AsSpan(2), "N", out Guid id) ? id : Guid.Empty;

    /// <summary>The key of a party's ticket counter.</summary>
    public static string Tickets(int party) => string.Create(CultureInfo.InvariantCulture, $"{party}/tickets");

    /// <summary>The key of the grain that changes a party's tables.</summary>
    public static string Tables(int party) => string.Create(CultureInfo.InvariantCulture, $"{party}/tables");

    /// <summary>The key of a party's status grain.</summary>
    public static string Status(int party) => string.Create(CultureInfo.InvariantCulture, $"{party}/status");

    /// <summary>The party (1, 2 or 3) that a key names.</summary>
    /// <exception cref="FormatException">The key does not start with a party.</exception>
    public static int PartyOf(string key) =>
        key.Length > 2 && key[1] == '/' && key[0] is >= '1' and <= '3'
            ? key[0] - '0'
            : throw new FormatException($"The grain key '{key}' does not start with a party: expected '1/…', '2/…' or '3/…'.");
}
