using System.Diagnostics;
using System.Globalization;
using Trident.Client;
using Trident.Sql;
using Xunit;
using Xunit.Abstractions;

namespace Trident.System.Tests.Clustering;

/// <summary>
/// Real silos that find one another in a real database, under load, while silos are killed and the database is away. Short
/// here; bench/reliability.sh runs the same at full length (docs/reliability.md).
/// </summary>
public sealed class ReliabilityTests(PostgresServer server, ITestOutputHelper output) : IClassFixture<PostgresServer>
{
    private const int Concurrency = 16;
    private const int VerifiedBeforeKill = 500;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private string _operator = "";
    private string _client = "";

    [PostgresFact]
    public async Task Any_silo_may_be_killed_under_load_and_comes_back_by_itself()
    {
        int kills = Setting("TRIDENT_RELIABILITY_KILLS", 3);
        await using TestDeployment deployment = await DeployAsync();
        await using TridentClient client = await StartAsync(deployment);
        await using ClusterDatabase view = new(_operator, "test");
        await using Load load = new(client, deployment, Concurrency, deployment.Seed);
        Report("| kill | party | shown dead after, s | silo serves after, s | verified answers after, s | ready with stock after, s | answers meanwhile | failed |");
        Report("|---|---|---|---|---|---|---|---|");
        for (int kill = 0; kill < kills; kill++)
        {
            // Each in turn. Some come back at once, while the cluster still takes the old one for alive.
            int party = kill % 3 + 1;
            bool atOnce = kill % 4 == 2;
            await load.VerifiedAsync(VerifiedBeforeKill, Patience);
            (long right, int failed) = (load.Right, load.Failures.Count);
            DateTime started = (await SilosAsync(view, party)).Max(s => s.Started);
            long killed = Stopwatch.GetTimestamp();
            await deployment.Silo(party).KillAsync();
            Task<double> dead = UntilAsync(killed, async () => (await SilosAsync(view, party)).Single(s => s.Started == started).Status == "dead");
            Task<(double Serves, double Verified, double Ready)> back = ComeBackAsync(party, atOnce ? Task.CompletedTask : dead);
            await Task.WhenAll(dead, back);
            (double serves, double verified, double ready) = await back;
            double gone = await dead;
            Report(string.Create(CultureInfo.InvariantCulture,
                $"| {kill + 1} | {party} | {gone:0.0}{(atOnce ? " (restarted at once)" : "")} | {serves:0.0} | {verified:0.0} | {ready:0.0} | {load.Right - right} | {load.Failures.Count - failed} |"));
        }

        await load.DisposeAsync();
        Summary(load);
        Assert.True(load.Wrong == 0 && load.Failures.Count == 0, Faults(load, deployment));
        Assert.All((int[])[1, 2, 3], p => Assert.False(deployment.Silo(p).HasExited));

        async Task<(double Serves, double Verified, double Ready)> ComeBackAsync(int party, Task first)
        {
            await first;
            long restarted = Stopwatch.GetTimestamp();
            await deployment.Begin(party).ReadyAsync();
            double serves = Seconds(restarted);
            await load.NextVerifiedAsync(Patience);
            double verified = Seconds(restarted);
            Readiness readiness = await client.WaitReadyAsync(Patience);
            Assert.True(readiness.IsReady, readiness.Reason);
            double ready = Seconds(restarted);
            await UntilAsync(restarted, async () => (await ClusterView.PartiesAsync(view)).All(p => p.State == "up" && p.SilosUp == 1));
            return (serves, verified, ready);
        }
    }

    [PostgresFact]
    public async Task Queries_go_on_while_the_database_is_away()
    {
        int seconds = Setting("TRIDENT_RELIABILITY_OUTAGE", 10);
        await using TestDeployment deployment = await DeployAsync();
        await using TridentClient client = await StartAsync(deployment);
        await using ClusterDatabase view = new(_operator, "test");
        await using Load load = new(client, deployment, Concurrency, deployment.Seed);
        await load.NextVerifiedAsync(Patience);
        (long before, long verifiedBefore) = (load.Right, load.Verified);

        await server.StopAsync();
        long stopped = Stopwatch.GetTimestamp();
        await using (TridentClient late = await ConnectAsync(deployment))
        {
            // A client that comes now goes by parties.json.
            Assert.Equal(deployment.Plain[7], (await late.FetchAsync("vectors", 7)).Records[0]);
        }

        int steps = 0;
        while (Seconds(stopped) < seconds)
        {
            // Every second of it brings verified answers.
            await load.NextVerifiedAsync(Patience);
            await Task.Delay(TimeSpan.FromSeconds(1));
            steps++;
        }

        double away = Seconds(stopped);
        (long during, long verified) = (load.Right - before, load.Verified - verifiedBefore);
        await server.StartAsync();
        long back = Stopwatch.GetTimestamp();
        DateTime backAt = DateTime.UtcNow;
        double heard = await UntilAsync(back, async () => (await ClusterView.PartiesAsync(view)).All(p => p.State == "up" && p.LastHeard > backAt));
        await load.NextVerifiedAsync(Patience);
        await load.DisposeAsync();
        Report(string.Create(CultureInfo.InvariantCulture,
            $"database away for {away:0.0} s: {during} right answers meanwhile, {verified} of them verified; all three heard of again {heard:0.0} s after it was back"));
        Summary(load);
        Assert.True(load.Wrong == 0 && load.Failures.Count == 0, Faults(load, deployment));
        Assert.True(steps > 0 && verified >= steps);
        Assert.All((int[])[1, 2, 3], p => Assert.False(deployment.Silo(p).HasExited));
    }

    private static int Setting(string name, int usual) => int.TryParse(Environment.GetEnvironmentVariable(name), out int value) ? value : usual;

    private static double Seconds(long since) => Stopwatch.GetElapsedTime(since).TotalSeconds;

    private static async Task<SiloRow[]> SilosAsync(ClusterDatabase view, int party) =>
        [.. (await ClusterView.SilosAsync(view)).Where(s => s.Party == party)];

    /// <summary>Asks until it is so; gives how long that took, in seconds since the stamp. Fails after three minutes.</summary>
    private static async Task<double> UntilAsync(long since, Func<Task<bool>> isSo)
    {
        await Until.SoAsync(isSo, Patience);
        return Seconds(since);
    }

    private async Task<TestDeployment> DeployAsync()
    {
        string owner = await server.CreatePreparedAsync();
        _operator = await server.LoginAsync(owner, "trident_operator");
        string silo = await server.LoginAsync(owner, "trident_silo");
        _client = await server.LoginAsync(owner, "trident_client");
        TestDeployment deployment = new() { SiloArguments = ["--Trident:Clustering=postgres", $"--Trident:ClusteringConnection={silo}"] };
        output.WriteLine($"seed {deployment.Seed}");
        return deployment;
    }

    /// <summary>All three at once: with a database none is first.</summary>
    private async Task<TridentClient> StartAsync(TestDeployment deployment)
    {
        await Task.WhenAll(((int[])[3, 1, 2]).Select(p => deployment.Begin(p).ReadyAsync()));
        TridentClient client = await ConnectAsync(deployment);
        Readiness readiness = await client.WaitReadyAsync(Patience);
        Assert.True(readiness.IsReady, readiness.Reason);
        return client;
    }

    private Task<TridentClient> ConnectAsync(TestDeployment deployment) => TridentClient.ConnectAsync(new TridentClientOptions
    {
        DeploymentDirectory = deployment.Directory,
        Clustering = ClientClustering.Postgres,
        ClusteringConnection = _client,
    });

    private void Summary(Load load) => Report(string.Create(CultureInfo.InvariantCulture,
        $"in all: {load.Right} right answers, {load.Verified} of them verified, {load.Wrong} wrong, {load.Failures.Count} failed; {load.Retried} took more than one attempt, the slowest query {load.Slowest.TotalSeconds:0.00} s"));

    private static string Faults(Load load, TestDeployment deployment) =>
        $"{load.Wrong} wrong, {load.Failures.Count} failed:\n{string.Join("\n", load.Failures.Take(20))}\n"
        + deployment.Complaints(100);

    private void Report(string line)
    {
        output.WriteLine(line);
        if (Environment.GetEnvironmentVariable("TRIDENT_RELIABILITY_REPORT") is { Length: > 0 } file)
        {
            File.AppendAllText(file, line + "\n");
        }
    }
}
