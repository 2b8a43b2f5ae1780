using Trident.Sql;

namespace Trident.Console.Silos;

/// <summary>How the silos of <c>up</c> find one another, and how a client finds their gateways.</summary>
/// <param name="Connection">Connection string of the database; null for the embedded clustering.</param>
internal sealed record ClusterChoice(string? Connection)
{
    /// <summary>Without a database.</summary>
    public static readonly ClusterChoice Embedded = new((string?)null);

    /// <summary>Without a database, party 1's silo lets the others in, and must be there first.</summary>
    public bool PartyOneFirst => Connection is null;

    /// <summary>The silos' settings, for their environment: a command line can be read by every user of the machine.</summary>
    public IReadOnlyDictionary<string, string> Environment => Connection is null ? new Dictionary<string, string>() : new Dictionary<string, string>
    {
        ["Trident__Clustering"] = ClusteringNames.Postgres,
        ["Trident__ClusteringConnection"] = Connection,
    };
}
