using Trident.Client;
using Trident.Console.Deployments;
using Trident.Protocol.Sealing;
using Trident.Protocol.Tables;

namespace Trident.System.Tests;

/// <summary>A deployment in a temporary directory with a table of bytes, and its three silos.</summary>
public sealed class TestDeployment : IAsyncDisposable
{
    private readonly SiloProcess?[] _silos = new SiloProcess?[4];
    private readonly List<(int Party, SiloProcess Silo)> _all = [];

    public TestDeployment(int rows = 300, int dimension = 40, int seed = 20261124, string product = TableDescription.StockProduct)
    {
        Directory = global::System.IO.Directory.CreateTempSubdirectory("trident-test-").FullName;
        Layout = new DeploymentLayout(Directory);
        Id = Guid.NewGuid();
        Random random = new(seed);
        Seed = seed;
        Plain = [.. Enumerable.Range(0, rows).Select(_ => { byte[] row = new byte[dimension]; random.NextBytes(row); return row; })];
        int[] ports = FreePorts.FindRow(9);
        PartyEndpoint[] endpoints = new PartyEndpoint[3];
        for (int p = 1; p <= 3; p++)
        {
            global::System.IO.Directory.CreateDirectory(Layout.PartyDirectory(p));
            using PartyIdentity identity = PartyIdentity.Generate(p, Id);
            identity.Save(Layout.IdentityFile(p));
            endpoints[p - 1] = new PartyEndpoint(p, "127.0.0.1", ports[3 * p - 3], ports[3 * p - 2], ports[3 * p - 1], Convert.ToBase64String(identity.PublicKey));
        }

        Owner = OwnerIdentity.Generate(Id);
        Parties = new PartiesDescriptor(1, Id, endpoints) { Owner = Convert.ToBase64String(Owner.PublicKey) };
        Parties.Save(Layout.PartiesFile);
        Share("vectors", Plain, replace: false, product);
    }

    public string Directory { get; }

    public DeploymentLayout Layout { get; }

    public Guid Id { get; }

    public PartiesDescriptor Parties { get; }

    public OwnerIdentity Owner { get; }

    public byte[][] Plain { get; }

    public int Seed { get; }

    /// <summary>More arguments for every silo that is started.</summary>
    public string[] SiloArguments { get; init; } = [];

    /// <summary>
    /// How long silos and clients wait for the third share; null leaves it as it is. For tests which assert that all three answered:
    /// on a busy machine a party may be slower than the usual grace, and an answer of two is then right.
    /// </summary>
    public TimeSpan? Grace { get; init; }

    /// <summary>More arguments for one party's silo.</summary>
    public Func<int, string[]> PartyArguments { get; init; } = _ => [];

    public void Share(string table, byte[][] rows, bool replace, string product = TableDescription.StockProduct)
    {
        string file = Path.Combine(Directory, "plain.bvecs");
        using (BinaryWriter writer = new(File.Create(file)))
        {
            foreach (byte[] row in rows)
            {
                writer.Write(row.Length);
                writer.Write(row);
            }
        }

        using IVectorSource source = VectorFile.Open(file);
        TableSharer.Share(Layout, Id, table, source, replace, null, CancellationToken.None, product);
        File.Delete(file);
    }

    public SiloProcess Silo(int party) => _silos[party]!;

    public async Task StartAsync(params int[] parties)
    {
        foreach (int p in parties.Length == 0 ? [1, 2, 3] : parties)
        {
            await Begin(p).ReadyAsync();
        }
    }

    /// <summary>Starts a silo and does not wait for it.</summary>
    public SiloProcess Begin(int party)
    {
        string[] grace = Grace is { } patience ? [$"--Trident:Exchange:Grace={patience:c}"] : [];
        SiloProcess silo = _silos[party] = SiloProcess.Start(Directory, party, [.. SiloArguments, .. PartyArguments(party), .. grace]);
        _all.Add((party, silo));
        return silo;
    }

    /// <summary>Lines with a warning or an error that the silos wrote since they were started, those that have ended too.</summary>
    public string Complaints(int most) => string.Join("\n", _all
        .SelectMany(s => s.Silo.Output.Split('\n').Where(l => l.Contains("warn: ", StringComparison.Ordinal) || l.Contains("fail: ", StringComparison.Ordinal)).Select(l => $"party {s.Party}: {l}"))
        .Where(l => !l.Contains("ServerGC", StringComparison.Ordinal))
        .OrderBy(l => !l.Contains("fail: ", StringComparison.Ordinal)).Take(most)
        .Select(l => l.Length > 1000 ? l[..1000] : l));

    public Task<TridentClient> ConnectAsync()
    {
        TridentClientOptions usual = new() { DeploymentDirectory = Directory };

        // A probe that is late would mark a party down, and the answers without it are not verified, whatever the grace. Not for longer:
        // a client connects anew to a party that was killed only after several probes of it.
        return TridentClient.ConnectAsync(Grace is not { } patience ? usual : new TridentClientOptions
        {
            DeploymentDirectory = Directory,
            Grace = patience,
            ProbeTimeout = TimeSpan.FromSeconds(10),
        });
    }

    public async ValueTask DisposeAsync()
    {
        foreach (SiloProcess? silo in _silos)
        {
            if (silo is not null)
            {
                await silo.DisposeAsync();
            }
        }

        Owner.Dispose();
        global::System.IO.Directory.Delete(Directory, recursive: true);
    }
}
