using System.Diagnostics;
using System.Net;
using Npgsql;
using Trident.Sql;
using Xunit;

namespace Trident.System.Tests.Clustering;

/// <summary>The scripts: applied again and at once, commented, with the least rights, and views that say what is so.</summary>
public sealed class SchemaTests(PostgresServer server) : IClassFixture<PostgresServer>
{
    private const string Cluster = "trident-cluster";

    [PostgresFact]
    public async Task Applying_again_or_at_once_changes_nothing()
    {
        string connection = await server.CreateDatabaseAsync();
        await using ClusterDatabase database = new(connection, "test");
        Assert.Equal(0, await Schema.VersionAsync(database));
        DatabaseException e = await Assert.ThrowsAsync<DatabaseException>(() => Schema.RequireAsync(database));
        Assert.Equal(DatabaseFault.NotPrepared, e.Fault);
        Assert.Contains("trident sql apply", e.Message, StringComparison.Ordinal);

        int[] before = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Schema.ApplyAsync(database)));
        Assert.Equal([0, Schema.Version, Schema.Version, Schema.Version], before.Order());
        await Schema.RequireAsync(database);
        await AddAsync(connection, "party-1", 3, "now()");
        Assert.Equal(Schema.Version, await Schema.ApplyAsync(database));
        Assert.Single(await ClusterView.SilosAsync(database));

        await PostgresServer.ExecuteAsync(connection, "INSERT INTO trident_schema (version) VALUES (1000)");
        e = await Assert.ThrowsAsync<DatabaseException>(() => Schema.ApplyAsync(database));
        Assert.Equal(DatabaseFault.TooNew, e.Fault);
        e = await Assert.ThrowsAsync<DatabaseException>(() => Schema.RequireAsync(database));
        Assert.Equal(DatabaseFault.TooNew, e.Fault);
    }

    [PostgresFact]
    public async Task A_script_that_fails_leaves_nothing_behind()
    {
        string connection = await server.CreateDatabaseAsync();
        await PostgresServer.ExecuteAsync(connection, "CREATE TABLE trident_gateways (x int)"); // in the way of a view
        await using ClusterDatabase database = new(connection, "test");
        DatabaseException e = await Assert.ThrowsAsync<DatabaseException>(() => Schema.ApplyAsync(database));
        Assert.Contains("trident_gateways", e.Message, StringComparison.Ordinal);
        Assert.Equal(DBNull.Value, await PostgresServer.ExecuteAsync(connection, "SELECT to_regclass('OrleansQuery')::text"));
    }

    [PostgresFact]
    public async Task Psql_applies_them_too()
    {
        string connection = await server.CreateDatabaseAsync();
        string directory = Directory.CreateTempSubdirectory("trident-sql-").FullName;
        ProcessStartInfo psql = new(Path.Combine(PostgresServer.Find()!, "psql")) { RedirectStandardOutput = true, RedirectStandardError = true };
        psql.Environment["PGPASSWORD"] = PostgresServer.Password;
        string name = new NpgsqlConnectionStringBuilder(connection).Database!;
        List<string> arguments = ["-h", "127.0.0.1", "-p", $"{server.Port}", "-U", PostgresServer.Owner, "-d", name, "-X", "-1", "-v", "ON_ERROR_STOP=1"];
        foreach ((string script, string text) in Schema.Scripts)
        {
            File.WriteAllText(Path.Combine(directory, script), text);
            arguments.AddRange(["-f", Path.Combine(directory, script)]);
        }

        arguments.ForEach(psql.ArgumentList.Add);
        using (Process process = Process.Start(psql)!)
        {
            Task<string> error = process.StandardError.ReadToEndAsync();
            await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            Assert.True(process.ExitCode == 0, await error);
        }

        Directory.Delete(directory, recursive: true);
        await using ClusterDatabase database = new(connection, "test");
        await Schema.RequireAsync(database);
    }

    [PostgresFact]
    public async Task The_scripts_themselves_leave_a_newer_schema_alone()
    {
        string connection = await server.CreatePreparedAsync();
        await PostgresServer.ExecuteAsync(connection, "INSERT INTO trident_schema (version) VALUES (1000)");
        PostgresException e = await Assert.ThrowsAsync<PostgresException>(() => PostgresServer.ExecuteAsync(connection, Schema.Scripts[0].Text));
        Assert.Contains("1000", e.MessageText, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task Who_applies_waits_for_another_as_long_as_it_takes()
    {
        string connection = await server.CreatePreparedAsync();
        await using ClusterDatabase database = new(connection + ";Command Timeout=1", "test");
        await using NpgsqlConnection other = new(connection);
        await other.OpenAsync();
        await using NpgsqlTransaction transaction = await other.BeginTransactionAsync();
        await using (NpgsqlCommand hold = new("SELECT pg_advisory_xact_lock(x'54524944454e54'::bigint)", other, transaction))
        {
            await hold.ExecuteNonQueryAsync();
        }

        Task<int> applying = Schema.ApplyAsync(database);
        await Task.Delay(TimeSpan.FromSeconds(3)); // three times what a command may take
        Assert.False(applying.IsCompleted);
        await transaction.RollbackAsync();
        Assert.Equal(Schema.Version, await applying);
    }

    [PostgresFact]
    public async Task Nobody_makes_tables_where_everybody_could_before()
    {
        // As in a database that came from PostgreSQL 14 or older.
        string connection = await server.CreateDatabaseAsync();
        await PostgresServer.ExecuteAsync(connection, "GRANT CREATE ON SCHEMA public TO PUBLIC");
        await using ClusterDatabase database = new(connection, "test");
        await Schema.ApplyAsync(database);
        string silo = await server.LoginAsync(connection, "trident_silo");
        PostgresException e = await Assert.ThrowsAsync<PostgresException>(() => PostgresServer.ExecuteAsync(silo, "CREATE TABLE mine (x int)"));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, e.SqlState);
    }

    [PostgresFact]
    public async Task Everything_has_a_comment()
    {
        string connection = await server.CreatePreparedAsync();
        Assert.Equal("", await PostgresServer.ExecuteAsync(connection,
            """
            SELECT coalesce(string_agg(what, ', ' ORDER BY what), '') FROM (
                SELECT relname AS what FROM pg_class
                WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') AND obj_description(oid, 'pg_class') IS NULL
                UNION ALL
                SELECT c.relname || '.' || attname FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
                WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') AND attnum > 0 AND NOT attisdropped AND col_description(attrelid, attnum) IS NULL
                UNION ALL
                SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND obj_description(oid, 'pg_proc') IS NULL
                UNION ALL
                SELECT rolname FROM pg_roles WHERE rolname LIKE 'trident\_%' AND shobj_description(oid, 'pg_authid') IS NULL) AS bare
            """));
        Assert.Equal(4L, await PostgresServer.ExecuteAsync(connection, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"));
    }

    [PostgresFact]
    public async Task Clients_and_operators_read_their_views_and_nothing_else()
    {
        string owner = await server.CreatePreparedAsync();
        await AddAsync(owner, "party-2", 3, "now()");
        string client = await server.LoginAsync(owner, "trident_client"), operators = await server.LoginAsync(owner, "trident_operator");
        await using ClusterDatabase asClient = new(client, "test"), asOperator = new(operators, "test");
        Assert.Equal([new IPEndPoint(IPAddress.Parse("10.0.0.1"), 22000)], await ClusterView.GatewaysAsync(asClient, Cluster, 2));
        Assert.Empty(await ClusterView.GatewaysAsync(asClient, Cluster, 1));
        Assert.Empty(await ClusterView.GatewaysAsync(asClient, "another", 2));
        Assert.Single(await ClusterView.SilosAsync(asOperator));
        Assert.Equal(3, (await ClusterView.PartiesAsync(asOperator)).Count);
        foreach ((string connection, string what) in new[]
        {
            (client, "SELECT * FROM trident_silos"), (client, "SELECT * FROM OrleansMembershipTable"), (client, "SELECT trident_version_insert('x')"),
            (operators, "SELECT * FROM OrleansMembershipTable"), (operators, "SELECT trident_membership_delete('x')"), (operators, "SELECT * FROM OrleansQuery"),
        })
        {
            PostgresException e = await Assert.ThrowsAsync<PostgresException>(() => PostgresServer.ExecuteAsync(connection, what));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, e.SqlState);
        }

        Assert.Equal(DatabaseFault.Refused, (await Assert.ThrowsAsync<DatabaseException>(() => Schema.ApplyAsync(asClient))).Fault);
    }

    [PostgresFact]
    public async Task The_views_say_what_is_so()
    {
        string owner = await server.CreatePreparedAsync();
        await AddAsync(owner, "party-1", 6, "now() - interval '1 hour'");
        // Said a minute ahead, or a machine that is slow for long enough would make it silent.
        await AddAsync(owner, "party-1", 3, "now() + interval '1 minute'");
        await AddAsync(owner, "party-1-b", 3, "now() + interval '1 minute'");
        await AddAsync(owner, "party-2", 3, "now() - interval '1 minute'");
        await AddAsync(owner, "party-4", 2, "now()");
        await AddAsync(owner, "stranger", 5, "now()");
        await using ClusterDatabase database = new(owner, "test");
        List<SiloRow> silos = await ClusterView.SilosAsync(database);
        Assert.Equal(
            [("party-1", 1, "active"), ("party-1", 1, "dead"), ("party-1-b", 1, "active"), ("party-2", 2, "silent"), ("party-4", null, "joining"), ("stranger", null, "stopping")],
            silos.Select(s => (s.Silo, s.Party, s.Status)).OrderBy(s => s.Silo, StringComparer.Ordinal).ThenBy(s => s.Status, StringComparer.Ordinal));
        SiloRow some = silos.First(s => s.Silo == "party-2");
        Assert.Equal(("10.0.0.1:21000", "10.0.0.1:22000", Cluster), (some.Address, some.Gateway, some.Cluster));
        Assert.Equal(DateTimeKind.Utc, some.LastHeard.Kind);
        Assert.InRange(DateTime.UtcNow - some.LastHeard, TimeSpan.FromSeconds(59), TimeSpan.FromMinutes(10));
        Assert.Equal([(1, "up", 2), (2, "silent", 0), (3, "down", 0)], (await ClusterView.PartiesAsync(database)).Select(p => (p.Party, p.State, p.SilosUp)));
        Assert.Null((await ClusterView.PartiesAsync(database))[2].LastHeard);
    }

    [PostgresFact]
    public async Task Addresses_of_IPv6_are_in_brackets()
    {
        string owner = await server.CreatePreparedAsync();
        await AddAsync(owner, "party-1", 3, "now()", "2001:db8::1");
        await using ClusterDatabase database = new(owner, "test");
        SiloRow silo = Assert.Single(await ClusterView.SilosAsync(database));
        Assert.Equal(("[2001:db8::1]:21000", "[2001:db8::1]:22000"), (silo.Address, silo.Gateway));
        Assert.Equal([IPEndPoint.Parse("[2001:db8::1]:22000")], await ClusterView.GatewaysAsync(database, Cluster, 1));
    }

    [Theory]
    [InlineData("MaxPoolSize=3", 3)]
    [InlineData("Maximum Pool Size=3", 3)]
    [InlineData("Port=5", 8)]
    public async Task A_pool_is_as_large_as_was_said(string setting, int size)
    {
        await using ClusterDatabase database = new("Host=h;" + setting, "test");
        Assert.Equal(size, new NpgsqlConnectionStringBuilder(database.ConnectionString).MaxPoolSize);
    }

    [PostgresFact]
    public async Task What_is_wrong_is_said_without_the_password()
    {
        string prepared = await server.CreatePreparedAsync();
        foreach ((string connection, DatabaseFault fault, string word) in new[]
        {
            (server.Connection("postgres", password: "not-the-secret"), DatabaseFault.Refused, "password"),
            (server.Connection("nowhere"), DatabaseFault.Refused, "does not exist"),
            ($"Host=127.0.0.1;Port=1;Database=x;Username=x;Password={PostgresServer.Password}", DatabaseFault.Unreachable, "127.0.0.1:1/x"),
        })
        {
            await using ClusterDatabase database = new(connection, "test");
            DatabaseException e = await Assert.ThrowsAsync<DatabaseException>(() => Schema.VersionAsync(database));
            Assert.Equal(fault, e.Fault);
            Assert.Contains(word, e.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", e.Message, StringComparison.Ordinal);
        }

        foreach (string bad in (string[])[$"Host=h;Port={PostgresServer.Password}", $"Password={PostgresServer.Password}", PostgresServer.Password, $"Host=h;Pasword={PostgresServer.Password}"])
        {
            DatabaseException e = Assert.Throws<DatabaseException>(() => new ClusterDatabase(bad, "test"));
            Assert.Equal(DatabaseFault.BadConnection, e.Fault);
            Assert.DoesNotContain("secret", e.ToString(), StringComparison.Ordinal);
        }

        await using ClusterDatabase good = new(prepared, "test");
        await Schema.RequireAsync(good);
    }

    private static async Task AddAsync(string connection, string silo, int status, string alive, string address = "10.0.0.1")
    {
        await PostgresServer.ExecuteAsync(connection, $"SELECT trident_version_insert('{Cluster}')");
        Assert.Equal(true, await PostgresServer.ExecuteAsync(connection,
            $"""
            SELECT trident_membership_insert('{Cluster}', '{address}', 21000, (SELECT count(*)::int FROM OrleansMembershipTable), '{silo}', 'host', {status}, 22000, now(), {alive},
                (SELECT Version FROM OrleansMembershipVersionTable WHERE DeploymentId = '{Cluster}'))
            """));
    }
}
