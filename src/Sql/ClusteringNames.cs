namespace Trident.Sql;

/// <summary>How silos find one another, by the names that settings and options have for it.</summary>
public static class ClusteringNames
{
    /// <summary>Without a database; the membership is held by party 1's silo.</summary>
    public const string Embedded = "embedded";

    /// <summary>With a PostgreSQL database.</summary>
    public const string Postgres = "postgres";
}
