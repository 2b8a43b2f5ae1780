using System.Data.Common;
using Npgsql;

namespace Trident.Sql;

/// <summary>The PostgreSQL database in which silos find one another. Thread-safe; holds a small pool of connections.</summary>
public sealed class ClusterDatabase : IAsyncDisposable
{
    private const int ConnectSeconds = 5;
    private const int CommandSeconds = 10;
    private readonly NpgsqlDataSource _source;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="connection">A connection string of Npgsql, such as <c>Host=db;Database=trident;Username=party_1;Password=…</c>.</param>
    /// <param name="application">Name that the server shows for these connections.</param>
    /// <exception cref="DatabaseException">It cannot be read, or names no host.</exception>
    public ClusterDatabase(string connection, string application)
    {
        NpgsqlConnectionStringBuilder builder = Read(connection, application);
        ConnectionString = builder.ConnectionString;
        Name = $"{builder.Host}:{builder.Port}/{builder.Database ?? builder.Username}";
        _source = NpgsqlDataSource.Create(builder);
    }

    /// <summary>Host, port and database; what messages call it.</summary>
    public string Name { get; }

    /// <summary>The connection string with limits of time and size filled in. It holds the password: for a provider, not for messages.</summary>
    public string ConnectionString { get; }

    /// <summary>Runs work on a connection.</summary>
    /// <exception cref="DatabaseException">The database cannot be reached, or a statement failed.</exception>
    internal async Task<T> RunAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            await using NpgsqlConnection connection = await _source.OpenConnectionAsync(cancellationToken);
            return await work(connection);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or System.Net.Sockets.SocketException or IOException)
        {
            throw DatabaseException.From(Name, e);
        }
    }

    /// <summary>All rows of a query.</summary>
    internal Task<List<T>> ReadAsync<T>(string query, Func<NpgsqlDataReader, T> row, CancellationToken cancellationToken, params (string Name, object Value)[] parameters) =>
        RunAsync(async connection =>
        {
            await using NpgsqlCommand command = new(query, connection);
            foreach ((string name, object value) in parameters)
            {
                command.Parameters.AddWithValue(name, value);
            }

            List<T> rows = [];
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                rows.Add(row(reader));
            }

            return rows;
        }, cancellationToken);

    /// <summary>Closes the connections.</summary>
    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private static NpgsqlConnectionStringBuilder Read(string connection, string application)
    {
        try
        {
            DbConnectionStringBuilder given = new() { ConnectionString = connection };
            NpgsqlConnectionStringBuilder builder = new(connection);
            if (string.IsNullOrWhiteSpace(builder.Host))
            {
                throw new DatabaseException(DatabaseFault.BadConnection,
                    "The connection string names no host; expected something like 'Host=127.0.0.1;Port=5432;Database=trident;Username=…;Password=…'.");
            }

            // A database that is gone must be noticed before the next look at it is due, and a few connections are plenty.
            builder.Timeout = given.ContainsKey("Timeout") ? builder.Timeout : ConnectSeconds;
            builder.CommandTimeout = given.ContainsKey("Command Timeout") || given.ContainsKey("CommandTimeout") ? builder.CommandTimeout : CommandSeconds;
            builder.MaxPoolSize = given.Keys.OfType<string>().Any(k => k.Replace(" ", "", StringComparison.Ordinal).Contains("PoolSize", StringComparison.OrdinalIgnoreCase)) ? builder.MaxPoolSize : 8;
            builder.ApplicationName ??= application;
            return builder;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            // The exception names the keyword and may name its value: only the kind of fault is told.
            throw new DatabaseException(DatabaseFault.BadConnection,
                "The connection string cannot be read; expected something like 'Host=127.0.0.1;Port=5432;Database=trident;Username=…;Password=…'.");
        }
    }
}
