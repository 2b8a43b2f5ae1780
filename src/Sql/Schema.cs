using System.Reflection;
using Npgsql;

namespace Trident.Sql;

/// <summary>The scripts in sql/postgresql: applying them, and telling which version a database has.</summary>
public static class Schema
{
    /// <summary>The version of the scripts of this build; also in the last of them.</summary>
    public const int Version = 1;

    private const long ApplyLock = 0x5452_4944_454e_54; // "TRIDENT"

    /// <summary>Name and text of each script, in their order.</summary>
    public static IReadOnlyList<(string Name, string Text)> Scripts { get; } = [.. Load()];

    /// <summary>Applies all scripts in one transaction. Applying them again changes nothing; two at once come one after the other.</summary>
    /// <returns>The version that was there before; 0 for none.</returns>
    /// <exception cref="DatabaseException">It did not work, and nothing was changed.</exception>
    public static Task<int> ApplyAsync(ClusterDatabase database, CancellationToken cancellationToken = default) =>
        database.RunAsync(async connection =>
        {
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
            await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock({ApplyLock})", cancellationToken, waits: true);
            int before = await VersionAsync(connection, cancellationToken);
            if (before > Version)
            {
                throw TooNew(database, before);
            }

            // The scripts say IF NOT EXISTS, and the server would tell of each.
            await ExecuteAsync(connection, "SET LOCAL client_min_messages = warning", cancellationToken);
            foreach ((_, string text) in Scripts)
            {
                await ExecuteAsync(connection, text, cancellationToken);
            }

            await transaction.CommitAsync(cancellationToken);
            return before;
        }, cancellationToken);

    /// <summary>The version that a database has; 0 when it was never prepared.</summary>
    /// <exception cref="DatabaseException">The database cannot be asked.</exception>
    public static Task<int> VersionAsync(ClusterDatabase database, CancellationToken cancellationToken = default) =>
        database.RunAsync(connection => VersionAsync(connection, cancellationToken), cancellationToken);

    /// <summary>Makes sure that a database has this version.</summary>
    /// <exception cref="DatabaseException">It has another or none, or cannot be asked.</exception>
    public static async Task RequireAsync(ClusterDatabase database, CancellationToken cancellationToken = default)
    {
        int version = await VersionAsync(database, cancellationToken);
        if (version > Version)
        {
            throw TooNew(database, version);
        }

        if (version < Version)
        {
            throw new DatabaseException(DatabaseFault.NotPrepared, version == 0
                ? $"The database {database.Name} has no tables of Trident; prepare it with 'trident sql apply --connection …'."
                : $"The database {database.Name} has version {version} of Trident's tables and this program needs {Version}; bring it up to date with 'trident sql apply --connection …'.");
        }
    }

    private static DatabaseException TooNew(ClusterDatabase database, int version) => new(DatabaseFault.TooNew,
        $"The database {database.Name} has version {version} of Trident's tables and this program knows {Version}; use the newer program.");

    private static async Task<int> VersionAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // Two statements, because one that names a missing table fails, and would end a transaction with it.
        await using NpgsqlCommand there = new("SELECT to_regclass('public.trident_schema') IS NOT NULL", connection);
        if (!(bool)(await there.ExecuteScalarAsync(cancellationToken))!)
        {
            return 0;
        }

        await using NpgsqlCommand version = new("SELECT coalesce(max(version), 0) FROM public.trident_schema", connection);
        return (int)(await version.ExecuteScalarAsync(cancellationToken))!;
    }

    // Another who applies may take his time: that is no database that does not answer.
    private static async Task ExecuteAsync(NpgsqlConnection connection, string text, CancellationToken cancellationToken, bool waits = false)
    {
        await using NpgsqlCommand command = new(text, connection);
        command.CommandTimeout = waits ? 0 : command.CommandTimeout;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static IEnumerable<(string, string)> Load()
    {
        Assembly assembly = typeof(Schema).Assembly;
        foreach (string name in assembly.GetManifestResourceNames().Where(n => n.EndsWith(".sql", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using StreamReader reader = new(assembly.GetManifestResourceStream(name)!);
            yield return (name, reader.ReadToEnd());
        }
    }
}
