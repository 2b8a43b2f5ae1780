using System.Text.Json;
using Trident.Client;
using Trident.Console;
using Trident.Protocol.Tables;
using Trident.Sql;
using Xunit;

namespace Trident.System.Tests.Clustering;

/// <summary>The commands and the silo's settings, with real processes and a real database.</summary>
public sealed class PostgresClusteringTests(PostgresServer server) : IClassFixture<PostgresServer>
{
    [PostgresFact]
    public async Task Apply_then_up_then_queries_and_the_database_shows_who_is_there()
    {
        Environment.SetEnvironmentVariable("TRIDENT_SILO_DLL", Path.Combine(AppContext.BaseDirectory, "Trident.Silo.dll"));
        await using TestDeployment deployment = new();
        string connection = await server.CreateDatabaseAsync();
        string file = Path.Combine(deployment.Directory, "connection");
        await File.WriteAllTextAsync(file, connection + "\n");

        (int code, _, string error) = await RunAsync("sql", "status", "--connection", connection);
        Assert.True(code == 1 && error.Contains("trident sql apply", StringComparison.Ordinal), error);
        foreach (string expected in (string[])["prepared, schema version 1", "schema version 1, was 1"])
        {
            (code, string output, error) = await RunAsync("sql", "apply", "--connection", connection);
            Assert.True(code == 0, error);
            Assert.Contains(expected, output, StringComparison.Ordinal);
        }

        using CancellationTokenSource stop = new();
        using StringWriter upOutput = new(), upError = new();
        Task<int> up = TridentCommandLine.RunAsync(
            ["up", deployment.Directory, "--clustering", "postgres", "--connection-file", file], TextWriter.Synchronized(upOutput), TextWriter.Synchronized(upError), stop.Token);
        try
        {
            // A client whose parties.json names gateways where nobody is: it finds them in the database.
            string elsewhere = Path.Combine(deployment.Directory, "client");
            DeploymentLayout layout = new(elsewhere);
            Directory.CreateDirectory(elsewhere);
            (deployment.Parties with { Parties = [.. deployment.Parties.Parties.Select(p => p with { GatewayPort = p.Party })] }).Save(layout.PartiesFile);
            CopyTables(deployment.Layout, layout);
            TridentClientOptions options = new()
            {
                DeploymentDirectory = elsewhere,
                Clustering = ClientClustering.Postgres,
                ClusteringConnection = await server.LoginAsync(connection, "trident_client"),
                ConnectTimeout = TimeSpan.FromSeconds(60),
            };
            await using TridentClient client = await TridentClient.ConnectAsync(options);
            Readiness readiness = await client.WaitReadyAsync(TimeSpan.FromSeconds(60));
            Assert.True(readiness.IsReady, readiness.Reason + upError);
            await Until.SoAsync(async () =>
            {
                // A party that is slow for a moment, as all are right after their start, costs an answer its mark.
                FetchResult result = await client.FetchAsync("vectors", 42);
                Assert.Equal(deployment.Plain[42], result.Records[0]);
                return result.Verified;
            });

            // So do the commands; without the database they go to where nobody is.
            string clientFile = Path.Combine(elsewhere, "connection");
            await File.WriteAllTextAsync(clientFile, options.ClusteringConnection + "\n");
            string[] gateways = ["--clustering", "postgres", "--connection-file", clientFile];
            (code, string found, error) = await RunAsync(["fetch", elsewhere, "--table", "vectors", "--row", "42", "--json", .. gateways]);
            Assert.True(code == 0, error);
            await Until.SoAsync(() => RunAsync(["status", elsewhere, "--json", .. gateways]), r => r.Code == 0 && !r.Output.Contains("\"up\": false", StringComparison.Ordinal));
            (code, _, error) = await RunAsync(["bench", elsewhere, "--table", "vectors", "--queries", "20", "--warm-up", "0", "--concurrency", "2", .. gateways]);
            Assert.True(code == 0, error);
            (code, _, error) = await RunAsync("fetch", elsewhere, "--table", "vectors", "--row", "42");
            Assert.True(code == 1 && error.Contains("Fewer than two parties", StringComparison.Ordinal), error);

            // One that said nothing for a while is shown as silent until it does.
            (code, string output, error) = await Until.SoAsync(() => RunAsync("sql", "status", "--connection-file", file, "--json"),
                r => r.Code == 0 && JsonDocument.Parse(r.Output).RootElement.GetProperty("clusters").EnumerateArray().All(c => c.GetProperty("state").GetString() == "up"));
            using JsonDocument status = JsonDocument.Parse(output);
            Assert.Equal(1, status.RootElement.GetProperty("schemaVersion").GetInt32());
            Assert.Equal(3, status.RootElement.GetProperty("clusters").GetArrayLength());
            Assert.Equal(["party-1", "party-2", "party-3"], status.RootElement.GetProperty("silos").EnumerateArray().Select(c => c.GetProperty("silo").GetString()));
            Assert.All(status.RootElement.GetProperty("roles").EnumerateArray(), r => Assert.True(r.GetProperty("exists").GetBoolean()));
            (code, output, _) = await RunAsync("sql", "status", "--connection", connection);
            Assert.Equal(0, code);
            Assert.Contains("party-3", output, StringComparison.Ordinal);
        }
        finally
        {
            await stop.CancelAsync();
            code = await up;
        }

        Assert.True(code == 0, upError.ToString());
        Assert.DoesNotContain(PostgresServer.Password, upOutput.ToString() + upError, StringComparison.Ordinal);
        foreach (string log in Directory.GetFiles(Path.Combine(deployment.Directory, "logs")))
        {
            Assert.DoesNotContain(PostgresServer.Password, await File.ReadAllTextAsync(log), StringComparison.Ordinal);
        }

        // They said goodbye: nobody had to find out. One that could not in its time says so instead.
        await using ClusterDatabase database = new(connection, "test");
        foreach (PartyRow party in await ClusterView.PartiesAsync(database))
        {
            string log = await File.ReadAllTextAsync(Path.Combine(deployment.Directory, "logs", $"party-{party.Party}.log"));
            Assert.True(party.State == "down" || log.Contains("could not sign off", StringComparison.Ordinal), $"party {party.Party} is {party.State}:\n{log}");
        }
    }

    [PostgresFact]
    public async Task Commands_without_a_database_say_so()
    {
        (int code, _, string error) = await RunAsync("sql", "status", "--connection", $"Host=127.0.0.1;Port=1;Username=x;Password={PostgresServer.Password}");
        Assert.Equal(1, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains("cannot be reached", error, StringComparison.Ordinal);
        Assert.DoesNotContain(PostgresServer.Password, error, StringComparison.Ordinal);
        (code, _, error) = await RunAsync("sql", "apply");
        Assert.True(code == 2 && error.Contains("--connection", StringComparison.Ordinal), error);
        await using TestDeployment deployment = new();
        (code, _, error) = await RunAsync("up", deployment.Directory, "--clustering", "postgres");
        Assert.True(code == 2 && error.Contains("--connection", StringComparison.Ordinal), error);
        (code, _, error) = await RunAsync("up", deployment.Directory, "--connection", "Host=h");
        Assert.True(code == 2 && error.Contains("--clustering", StringComparison.Ordinal), error);
        (code, _, error) = await RunAsync("up", deployment.Directory, "--clustering", "zookeeper");
        Assert.True(code == 2 && error.Contains("zookeeper", StringComparison.Ordinal), error);
    }

    [PostgresFact]
    public async Task A_silo_that_cannot_use_its_database_says_why()
    {
        string bare = await server.CreateDatabaseAsync();
        string nobody = $"Host=127.0.0.1;Port=1;Database=x;Username=x;Password={PostgresServer.Password}";
        foreach ((string[] arguments, int code, string word) in new (string[], int, string)[]
        {
            (["--Trident:Clustering=zookeeper"], 2, "zookeeper"),
            (["--Trident:Clustering=postgres"], 2, "Trident:ClusteringConnection"),
            (["--Trident:ClusteringConnection=Host=h"], 2, "embedded"),
            (["--Trident:Clustering=postgres", $"--Trident:ClusteringConnection=Port={PostgresServer.Password}"], 2, "connection string"),
            (["--Trident:Clustering=postgres", $"--Trident:ClusteringConnection={bare}"], 8, "trident sql apply"),
            (["--Trident:Clustering=postgres", $"--Trident:ClusteringConnection={server.Connection("postgres", password: "wrong")}"], 8, "password"),
            (["--Trident:Clustering=postgres", $"--Trident:ClusteringConnection={nobody}", "--Trident:ClusteringWait=00:00:01"], 7, "cannot be reached"),
        })
        {
            await using TestDeployment deployment = new();
            await using SiloProcess silo = SiloProcess.Start(deployment.Directory, 2, arguments);
            (int exit, string output) = await silo.ExitAsync();
            Assert.True(exit == code, $"exit code {exit}, expected {code}:\n{output}");
            Assert.Contains(word, output, StringComparison.Ordinal);
            Assert.DoesNotContain(PostgresServer.Password, output, StringComparison.Ordinal);
        }
    }

    [PostgresFact]
    public async Task A_silo_starts_before_its_database_and_stops_without_it()
    {
        string connection = await server.CreatePreparedAsync();
        await server.StopAsync();
        await using TestDeployment deployment = new()
        {
            SiloArguments = ["--Trident:Clustering=postgres", $"--Trident:ClusteringConnection={connection}", "--Trident:ClusteringWait=00:05:00"],
        };
        SiloProcess silo = deployment.Begin(3);
        await Until.SoAsync(() =>
        {
            Assert.False(silo.HasExited, silo.Output);
            return silo.Output.Contains("Trying again", StringComparison.Ordinal);
        });

        await server.StartAsync();
        await silo.ReadyAsync();

        // And it ends without it, when it is told to.
        await server.StopAsync();
        Assert.Equal(0, PostgresServer.Signal(silo.Id, 15));
        (int code, string output) = await silo.ExitAsync();
        Assert.True(code == 0, output);
        Assert.Contains("sign off", output, StringComparison.Ordinal);
        await server.StartAsync();
    }

    private static void CopyTables(DeploymentLayout from, DeploymentLayout to)
    {
        string source = Path.Combine(from.Directory, "tables"), target = Path.Combine(to.Directory, "tables");
        Directory.CreateDirectory(target);
        foreach (string file in Directory.GetFiles(source))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        int code = await TridentCommandLine.RunAsync(arguments, output, error);
        return (code, output.ToString(), error.ToString());
    }
}
