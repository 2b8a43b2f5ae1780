using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Xunit;

namespace Trident.System.Tests.Clustering;

/// <summary>The provider's own code, on our scripts, with a silo's rights: what Orleans relies on in a membership table.</summary>
public sealed class MembershipTableTests(PostgresServer server) : IClassFixture<PostgresServer>, IAsyncLifetime
{
    private readonly List<IHost> _hosts = [];
    private string _silo = "";

    public async Task InitializeAsync()
    {
        if (PostgresServer.Find() is not null)
        {
            _silo = await server.LoginAsync(await server.CreatePreparedAsync(), "trident_silo");
        }
    }

    public async Task DisposeAsync()
    {
        foreach (IHost host in _hosts)
        {
            await ((IAsyncDisposable)host).DisposeAsync();
        }
    }

    [PostgresFact]
    public async Task A_cluster_begins_empty_at_version_0_however_many_silos_open_it()
    {
        IMembershipTable[] tables = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => OpenAsync("begins")));
        foreach (IMembershipTable table in tables)
        {
            MembershipTableData data = await table.ReadAllAsync();
            Assert.Equal((0, "0", 0), (data.Version.Version, data.Version.VersionEtag, data.Members.Count));
            Assert.Empty((await table.ReadRowAsync(Entry(1, 1).SiloAddress)).Members);
        }
    }

    [PostgresFact]
    public async Task What_was_written_is_read_back_to_the_microsecond_in_any_time_zone()
    {
        IMembershipTable table = await OpenAsync("roundtrip");
        MembershipEntry entry = Entry(1, 7);
        Assert.True(await table.InsertRowAsync(entry, (await table.ReadAllAsync()).Version.Next()));
        MembershipTableData read = await table.ReadRowAsync(entry.SiloAddress);
        Assert.Equal(1, read.Version.Version);
        MembershipEntry back = Assert.Single(read.Members).Item1;
        Assert.Equal((entry.SiloAddress, entry.SiloName, entry.HostName, entry.Status, entry.ProxyPort),
            (back.SiloAddress, back.SiloName, back.HostName, back.Status, back.ProxyPort));
        Assert.Equal((entry.StartTime, entry.IAmAliveTime), (back.StartTime, back.IAmAliveTime));
        Assert.Equal((DateTimeKind.Utc, DateTimeKind.Utc), (back.StartTime.Kind, back.IAmAliveTime.Kind));
        Assert.True(back.SuspectTimes is null or { Count: 0 });

        // Suspicions, and another entry beside it.
        MembershipEntry other = Entry(2, 7);
        Assert.True(await table.InsertRowAsync(other, read.Version.Next()));
        MembershipTableData all = await table.ReadAllAsync();
        back.SuspectTimes = [Tuple.Create(other.SiloAddress, new DateTime(2026, 3, 29, 1, 30, 0, 123, DateTimeKind.Utc))];
        back.Status = SiloStatus.Dead;
        Assert.True(await table.UpdateRowAsync(back, all.TryGet(back.SiloAddress)!.Item2, all.Version.Next()));
        all = await table.ReadAllAsync();
        Assert.Equal((3, 2), (all.Version.Version, all.Members.Count));
        MembershipEntry dead = all.TryGet(entry.SiloAddress)!.Item1;
        Assert.Equal(SiloStatus.Dead, dead.Status);
        Assert.Equal(back.SuspectTimes, dead.SuspectTimes);
    }

    [PostgresFact]
    public async Task An_insert_needs_the_present_version_and_a_new_silo()
    {
        IMembershipTable table = await OpenAsync("insert");
        TableVersion first = (await table.ReadAllAsync()).Version.Next();
        Assert.True(await table.InsertRowAsync(Entry(1, 1), first));
        Assert.False(await table.InsertRowAsync(Entry(2, 1), first)); // of a version that is past
        TableVersion second = (await table.ReadAllAsync()).Version.Next();
        Assert.False(await table.InsertRowAsync(Entry(1, 1), second)); // there already
        MembershipTableData data = await table.ReadAllAsync();
        Assert.Equal((1, 1), (data.Version.Version, data.Members.Count));
    }

    [PostgresFact]
    public async Task An_update_needs_the_present_version_and_a_silo_that_is_there()
    {
        IMembershipTable table = await OpenAsync("update");
        MembershipEntry entry = Entry(1, 1);
        Assert.True(await table.InsertRowAsync(entry, (await table.ReadAllAsync()).Version.Next()));
        MembershipTableData data = await table.ReadAllAsync();
        entry.Status = SiloStatus.ShuttingDown;
        string etag = data.Members[0].Item2;
        Assert.False(await table.UpdateRowAsync(Entry(2, 1), etag, data.Version.Next()));
        Assert.Equal(1, (await table.ReadAllAsync()).Version.Version);
        Assert.True(await table.UpdateRowAsync(entry, etag, data.Version.Next()));
        entry.Status = SiloStatus.Dead;
        Assert.False(await table.UpdateRowAsync(entry, etag, data.Version.Next())); // of a version that is past
        data = await table.ReadAllAsync();
        Assert.Equal((2, SiloStatus.ShuttingDown), (data.Version.Version, data.Members[0].Item1.Status));
    }

    [PostgresFact]
    public async Task Of_changes_from_one_version_exactly_one_is_made()
    {
        const int racers = 8, rounds = 12;
        IMembershipTable[] tables = await Task.WhenAll(Enumerable.Range(0, racers).Select(_ => OpenAsync("race")));
        Assert.True(await tables[0].InsertRowAsync(Entry(1, 1), (await tables[0].ReadAllAsync()).Version.Next()));
        int inserts = 0;
        for (int round = 0; round < rounds; round++)
        {
            // Half of them insert a silo of their own, half update the same one.
            MembershipTableData before = await tables[0].ReadAllAsync();
            TableVersion next = before.Version.Next();
            string etag = before.Members[0].Item2;
            int r = round;
            bool[] made = await Task.WhenAll(tables.Select((t, i) => Task.Run(() => i % 2 == 0
                ? t.InsertRowAsync(Entry(2, 100 * (r + 1) + i), next)
                : t.UpdateRowAsync(Entry(1, 1), etag, next))));
            Assert.Single(made, m => m);
            inserts += Array.IndexOf(made, true) % 2 == 0 ? 1 : 0;
            MembershipTableData after = await tables[1].ReadAllAsync();
            Assert.Equal((before.Version.Version + 1, 1 + inserts), (after.Version.Version, after.Members.Count));
        }
    }

    [PostgresFact]
    public async Task Silos_that_start_at_once_all_get_in_by_trying_again()
    {
        const int silos = 6;
        await Task.WhenAll(Enumerable.Range(1, silos).Select(async i =>
        {
            IMembershipTable table = await OpenAsync("together");
            while (!await table.InsertRowAsync(Entry(1, i), (await table.ReadAllAsync()).Version.Next()))
            {
                // Another was quicker: read and try again, as Orleans does.
            }
        }));
        MembershipTableData data = await (await OpenAsync("together")).ReadAllAsync();
        Assert.Equal((silos, silos), (data.Version.Version, data.Members.Select(m => m.Item1.SiloAddress).Distinct().Count()));
    }

    [PostgresFact]
    public async Task A_sign_of_life_moves_no_version_and_is_not_undone_by_a_peer_that_read_before_it()
    {
        IMembershipTable table = await OpenAsync("alive");
        MembershipEntry entry = Entry(1, 1);
        Assert.True(await table.InsertRowAsync(entry, (await table.ReadAllAsync()).Version.Next()));
        MembershipTableData old = await table.ReadAllAsync();
        DateTime later = entry.IAmAliveTime.AddSeconds(5);
        await table.UpdateIAmAliveAsync(new MembershipEntry { SiloAddress = entry.SiloAddress, IAmAliveTime = later });
        MembershipTableData data = await table.ReadAllAsync();
        Assert.Equal((1, later), (data.Version.Version, data.Members[0].Item1.IAmAliveTime));
        Assert.True(await table.UpdateRowAsync(old.Members[0].Item1, old.Members[0].Item2, old.Version.Next()));
        Assert.Equal(later, (await table.ReadAllAsync()).Members[0].Item1.IAmAliveTime);
    }

    [PostgresFact]
    public async Task Clean_up_forgets_what_is_dead_and_old_and_nothing_else()
    {
        IMembershipTable table = await OpenAsync("cleanup");
        IMembershipTable neighbour = await OpenAsync("neighbour");
        DateTime now = new(2026, 11, 24, 12, 0, 0, DateTimeKind.Utc);
        async Task AddAsync(IMembershipTable to, int generation, SiloStatus status, DateTime alive)
        {
            MembershipEntry entry = Entry(1, generation);
            (entry.Status, entry.IAmAliveTime) = (status, alive);
            Assert.True(await to.InsertRowAsync(entry, (await to.ReadAllAsync()).Version.Next()));
        }

        await AddAsync(table, 1, SiloStatus.Dead, now.AddDays(-8));
        await AddAsync(table, 2, SiloStatus.Joining, now.AddDays(-8)); // never became active
        await AddAsync(table, 3, SiloStatus.Active, now.AddDays(-8)); // only the cluster may declare it dead
        await AddAsync(table, 4, SiloStatus.Dead, now.AddDays(-1));
        await AddAsync(neighbour, 5, SiloStatus.Dead, now.AddDays(-8));
        await table.CleanupDefunctSiloEntriesAsync(new DateTimeOffset(now.AddDays(-7)).ToOffset(TimeSpan.FromHours(-9)));
        MembershipTableData data = await table.ReadAllAsync();
        Assert.Equal([3, 4], data.Members.Select(m => m.Item1.SiloAddress.Generation).Order());
        Assert.Equal(4, data.Version.Version);
        Assert.Single((await neighbour.ReadAllAsync()).Members);

        // The limit that the provider gives when there are too many: one tick after the newest that is to go.
        await table.CleanupDefunctSiloEntriesAsync(new DateTimeOffset(now.AddDays(-1).AddTicks(1)));
        Assert.Equal([3], (await table.ReadAllAsync()).Members.Select(m => m.Item1.SiloAddress.Generation));
    }

    [PostgresFact]
    public async Task A_silo_has_no_right_to_delete_a_cluster_or_to_write_a_table()
    {
        IMembershipTable table = await OpenAsync("rights");
        Exception e = await Assert.ThrowsAnyAsync<Exception>(() => table.DeleteMembershipTableEntriesAsync("rights"));
        Assert.Contains("permission denied", e.Message, StringComparison.Ordinal);
        foreach (string statement in (string[])[
            "UPDATE OrleansMembershipTable SET Status = 6", "DELETE FROM OrleansMembershipVersionTable", "INSERT INTO OrleansQuery VALUES ('x', 'y')",
            "INSERT INTO trident_schema VALUES (9)", "CREATE TABLE mine (x int)"])
        {
            e = await Assert.ThrowsAnyAsync<Exception>(() => PostgresServer.ExecuteAsync(_silo, statement));
            Assert.Contains("permission denied", e.Message, StringComparison.Ordinal);
        }

        // The owner has it, and nothing is left behind.
        IMembershipTable owner = await OpenAsync("rights", server.Connection(new Npgsql.NpgsqlConnectionStringBuilder(_silo).Database!));
        Assert.True(await table.InsertRowAsync(Entry(1, 1), (await table.ReadAllAsync()).Version.Next()));
        await owner.DeleteMembershipTableEntriesAsync("rights");
        Assert.Equal(0L, await PostgresServer.ExecuteAsync(
            server.Connection(new Npgsql.NpgsqlConnectionStringBuilder(_silo).Database!), "SELECT count(*) FROM OrleansMembershipVersionTable WHERE DeploymentId = 'rights'"));
    }

    /// <summary>Orleans' table, made as a silo makes it.</summary>
    private async Task<IMembershipTable> OpenAsync(string cluster, string? connection = null)
    {
        IHost host = new HostBuilder()
            .UseOrleans(silo =>
            {
                silo.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = ("Npgsql", connection ?? _silo));
                silo.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (cluster, "trident"));
            })
            .ConfigureLogging(l => l.ClearProviders())
            .Build();
        lock (_hosts)
        {
            _hosts.Add(host);
        }

        IMembershipTable table = host.Services.GetRequiredService<IMembershipTable>();
        await table.InitializeMembershipTableAsync(true);
        return table;
    }

    private static MembershipEntry Entry(int party, int generation)
    {
        DateTime start = new(2026, 11, 24, 10, 30, 15, 123, 456, DateTimeKind.Utc);
        return new MembershipEntry
        {
            SiloAddress = SiloAddress.New(IPAddress.Parse($"10.0.0.{party}"), 21000 + party, generation),
            SiloName = $"party-{party}",
            HostName = $"host-{party}",
            Status = SiloStatus.Active,
            ProxyPort = 22000 + party,
            StartTime = start,
            IAmAliveTime = start.AddSeconds(1),
        };
    }
}
