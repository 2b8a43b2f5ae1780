using System.Net;
using Npgsql;

namespace Trident.Sql;

/// <summary>A row of <c>trident_silos</c>: one start of a silo. Times are UTC.</summary>
public sealed record SiloRow(string Cluster, int? Party, string Silo, string Address, string? Gateway, string Status, DateTime Since, DateTime Started, DateTime LastHeard);

/// <summary>A row of <c>trident_cluster</c>: a party of a cluster. Times are UTC; null when the party was never there.</summary>
public sealed record PartyRow(string Cluster, int Party, string State, int SilosUp, DateTime? Since, DateTime? LastHeard);

/// <summary>One of the three roles.</summary>
/// <param name="Role">Its name.</param>
/// <param name="Exists">Whether the server has it.</param>
/// <param name="Members">Logins that are members of it.</param>
public sealed record RoleRow(string Role, bool Exists, string[] Members);

/// <summary>Reads what the database knows of silos and parties, through the views.</summary>
public static class ClusterView
{
    /// <summary>The silos of all clusters.</summary>
    /// <exception cref="DatabaseException">The database cannot be asked.</exception>
    public static Task<List<SiloRow>> SilosAsync(ClusterDatabase database, CancellationToken cancellationToken = default) =>
        database.ReadAsync(
            "SELECT cluster, party, silo, address, gateway, status, since, started, last_heard FROM public.trident_silos",
            r => new SiloRow(r.GetString(0), Nullable<int>(r, 1), r.GetString(2), r.GetString(3), r.IsDBNull(4) ? null : r.GetString(4), r.GetString(5),
                r.GetDateTime(6), r.GetDateTime(7), r.GetDateTime(8)),
            cancellationToken);

    /// <summary>The parties of all clusters.</summary>
    /// <exception cref="DatabaseException">The database cannot be asked.</exception>
    public static Task<List<PartyRow>> PartiesAsync(ClusterDatabase database, CancellationToken cancellationToken = default) =>
        database.ReadAsync(
            "SELECT cluster, party, state, silos_up, since, last_heard FROM public.trident_cluster",
            r => new PartyRow(r.GetString(0), r.GetInt32(1), r.GetString(2), r.GetInt32(3), Nullable<DateTime>(r, 4), Nullable<DateTime>(r, 5)),
            cancellationToken);

    /// <summary>The roles, whether they are there or not.</summary>
    /// <exception cref="DatabaseException">The database cannot be asked.</exception>
    public static Task<List<RoleRow>> RolesAsync(ClusterDatabase database, CancellationToken cancellationToken = default) =>
        database.ReadAsync(
            """
            SELECT w.name, r.oid IS NOT NULL,
                   ARRAY(SELECT m.rolname::text FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member WHERE a.roleid = r.oid ORDER BY 1)
            FROM unnest(ARRAY['trident_silo', 'trident_client', 'trident_operator']) WITH ORDINALITY AS w(name, nr)
            LEFT JOIN pg_roles r ON r.rolname = w.name
            ORDER BY w.nr
            """,
            r => new RoleRow(r.GetString(0), r.GetBoolean(1), r.GetFieldValue<string[]>(2)),
            cancellationToken);

    /// <summary>Gateways of the active silos of a party.</summary>
    /// <param name="database">The database.</param>
    /// <param name="cluster">Cluster id.</param>
    /// <param name="party">1, 2 or 3.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DatabaseException">The database cannot be asked.</exception>
    public static async Task<IPEndPoint[]> GatewaysAsync(ClusterDatabase database, string cluster, int party, CancellationToken cancellationToken = default)
    {
        List<(string Address, int Port)> rows = await database.ReadAsync(
            "SELECT address, port FROM public.trident_gateways WHERE cluster = @cluster AND party = @party ORDER BY silo, generation DESC",
            r => (r.GetString(0), r.GetInt32(1)),
            cancellationToken, ("cluster", cluster), ("party", party));
        return [.. rows.Where(r => IPAddress.TryParse(r.Address, out _)).Select(r => new IPEndPoint(IPAddress.Parse(r.Address), r.Port)).Distinct()];
    }

    private static T? Nullable<T>(NpgsqlDataReader reader, int column)
        where T : struct => reader.IsDBNull(column) ? null : reader.GetFieldValue<T>(column);
}
