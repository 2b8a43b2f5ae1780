using System.Text.Json;
using Trident.Protocol.Sealing;
using Trident.Protocol.Tables;
using Xunit;

namespace Trident.Console.Tests;

/// <summary>The commands that need no silos, run in this process.</summary>
public sealed class CommandTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("trident-console-").FullName;

    private string Deployment => Path.Combine(_root, "deployment");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task InitWritesADescriptorAndThreePrivateIdentities()
    {
        (int code, string output, string error) = await RunAsync("init", Deployment, "--base-port", "31000");
        Assert.True(code == 0, error);
        DeploymentLayout layout = new(Deployment);
        PartiesDescriptor parties = PartiesDescriptor.Load(layout.PartiesFile);
        Assert.Contains(parties.Deployment.ToString(), output);
        for (int party = 1; party <= 3; party++)
        {
            Assert.Equal((31000 + 10 * party, 31001 + 10 * party, 31002 + 10 * party),
                (parties[party].SiloPort, parties[party].GatewayPort, parties[party].ExchangePort));
            using PartyIdentity identity = PartyIdentity.Load(layout.IdentityFile(party));
            Assert.Equal((party, parties.Deployment), (identity.Party, identity.Deployment));
            Assert.Equal(parties[party].PublicKey, Convert.ToBase64String(identity.PublicKey));
            if (!OperatingSystem.IsWindows())
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(layout.IdentityFile(party)));
            }
        }
    }

    [Fact]
    public async Task InitGivesEachPartyItsOwnHost()
    {
        (int code, _, string error) = await RunAsync("init", Deployment, "--hosts", "party-1, b.example,10.0.0.3");
        Assert.True(code == 0, error);
        PartiesDescriptor parties = PartiesDescriptor.Load(Path.Combine(Deployment, "parties.json"));
        Assert.Equal("party-1 b.example 10.0.0.3", $"{parties[1].Host} {parties[2].Host} {parties[3].Host}");
    }

    [Theory]
    [InlineData("holds 2", "--hosts", "a,b")]
    [InlineData("holds 4", "--hosts", "a,b,c,d")]
    [InlineData("'b:21020' in --hosts", "--hosts", "a,b:21020,c")]
    [InlineData("'' in --hosts", "--hosts", "a,,c")]
    [InlineData("not both", "--hosts", "a,b,c", "--host", "a")]
    public async Task InitRefusesHostsThatAreNotThree(string message, params string[] options)
    {
        (int code, _, string error) = await RunAsync(["init", Deployment, .. options]);
        Assert.Equal(2, code);
        Assert.Contains(message, error);
        Assert.False(Directory.Exists(Deployment));
    }

    [Fact]
    public async Task InitRefusesADirectoryThatHoldsADeployment()
    {
        await InitAsync();
        byte[] before = await File.ReadAllBytesAsync(Path.Combine(Deployment, "parties.json"));
        (int code, _, string error) = await RunAsync("init", Deployment);
        Assert.Equal(1, code);
        Assert.StartsWith("trident: ", error);
        Assert.Contains("exists already", error);
        Assert.Equal(before, await File.ReadAllBytesAsync(Path.Combine(Deployment, "parties.json")));
    }

    [Theory]
    [InlineData("fetch", "--table", "t", "--row", "1")]
    [InlineData("status")]
    [InlineData("bench", "--table", "t")]
    [InlineData("put", "--table", "t", "--row", "1", "--bytes", "0000803f0000803f0000803f0000803f0000803f")]
    public async Task ClientsRefuseAConnectionThatDoesNotFitTheClustering(string command, params string[] options)
    {
        await InitAsync();
        await RunAsync("share", Deployment, "--table", "t", "--vectors", Vectors(20, 5), "--product", "beaver");
        foreach ((string[] more, int expected, string message) in new (string[], int, string)[]
        {
            (["--clustering", "postgres"], 2, "--connection-file"),
            (["--connection", "Host=h"], 2, "--clustering postgres only"),
            (["--clustering", "postgres", "--connection", "Host=h", "--connection-file", "f"], 2, "not both"),
            (["--clustering", "zookeeper"], 2, "zookeeper"),
            (["--clustering", "postgres", "--connection-file", Path.Combine(_root, "nowhere")], 1, "nowhere"),
            (["--clustering", "postgres", "--connection", "Port=word"], 2, "connection string"),
        })
        {
            (int code, _, string error) = await RunAsync([command, Deployment, .. options, .. more]);
            Assert.True(code == expected, $"{string.Join(' ', more)}: exit code {code}, expected {expected}: {error}");
            Assert.Contains(message, error);
        }
    }

    [Fact]
    public async Task InitNeverOverwritesAnIdentityAndTakesBackItsOwn()
    {
        await InitAsync();
        DeploymentLayout layout = new(Deployment);
        byte[] second = await File.ReadAllBytesAsync(layout.IdentityFile(2));
        File.Delete(layout.PartiesFile);
        File.Delete(layout.IdentityFile(1));
        (int code, _, string error) = await RunAsync("init", Deployment);
        Assert.Equal(1, code);
        Assert.StartsWith("trident: ", error);
        Assert.False(File.Exists(layout.IdentityFile(1)));
        Assert.False(File.Exists(layout.PartiesFile));
        Assert.Equal(second, await File.ReadAllBytesAsync(layout.IdentityFile(2)));
    }

    [Fact]
    public async Task ShareWritesAFilePerParty()
    {
        await InitAsync();
        (int code, string output, string error) = await RunAsync("share", Deployment, "--table", "t", "--vectors", Vectors(20, 5), "--json");
        Assert.True(code == 0, error);
        using JsonDocument json = JsonDocument.Parse(output);
        Assert.Equal(20, json.RootElement.GetProperty("rows").GetInt32());
        Assert.Equal(5, json.RootElement.GetProperty("dimension").GetInt32());
        DeploymentLayout layout = new(Deployment);
        TableDescription table = layout.Table("t");
        Assert.Equal((20, new RecordShape(ElementKind.F4, 5)), (table.Rows, table.Shape));
        Assert.All([1, 2, 3], party => Assert.True(File.Exists(layout.ShareFile(party, "t", table.Version))));
    }

    [Fact]
    public async Task ShareMakesACollection()
    {
        await InitAsync();
        string vectors = Vectors(20, 5);
        (int code, string output, string error) = await RunAsync(
            "share", Deployment, "--collection", "c", "--vectors", vectors, "--metric", "cosine", "--neighbours", "3", "--json");
        Assert.True(code == 0, error);
        using JsonDocument json = JsonDocument.Parse(output);
        Assert.Equal((20, 5, "cosine", 3), (json.RootElement.GetProperty("count").GetInt32(), json.RootElement.GetProperty("dimension").GetInt32(),
            json.RootElement.GetProperty("metric").GetString(), json.RootElement.GetProperty("neighboursPerList").GetInt32()));
        Assert.Equal("c", Assert.Single(new DeploymentLayout(Deployment).Collections()).Name);

        (code, _, error) = await RunAsync("share", Deployment, "--collection", "c", "--vectors", vectors);
        Assert.Equal(1, code);
        Assert.Contains("--replace", error);
    }

    [Theory]
    [InlineData("either a table", "--vectors", "x.fvecs")]
    [InlineData("either a table", "--vectors", "x.fvecs", "--table", "t", "--collection", "c")]
    [InlineData("--metric is for --collection", "--vectors", "x.fvecs", "--table", "t", "--metric", "l2")]
    [InlineData("--neighbours is for --collection", "--vectors", "x.fvecs", "--table", "t", "--neighbours", "3")]
    [InlineData("--product is for --table", "--vectors", "x.fvecs", "--collection", "c", "--product", "stock")]
    [InlineData("it may be 1 to 1,000", "--vectors", "x.fvecs", "--collection", "c", "--neighbours", "1001")]
    public async Task ShareRefusesOptionsThatDoNotGoTogether(string message, params string[] options)
    {
        await InitAsync();
        (int code, _, string error) = await RunAsync(["share", Deployment, .. options]);
        Assert.Equal(2, code);
        Assert.Contains(message, error);
    }

    [Fact]
    public async Task ShareReplacesATableOnlyWhenTold()
    {
        await InitAsync();
        await RunAsync("share", Deployment, "--table", "t", "--vectors", Vectors(20, 5));
        DeploymentLayout layout = new(Deployment);
        Guid version = layout.Table("t").Version;
        string other = Vectors(7, 3);

        (int code, _, string error) = await RunAsync("share", Deployment, "--table", "t", "--vectors", other);
        Assert.Equal(1, code);
        Assert.Contains("trident: ", error);
        Assert.Contains("--replace", error);
        Assert.Equal(version, layout.Table("t").Version);

        (code, _, error) = await RunAsync("share", Deployment, "--table", "t", "--vectors", other, "--replace");
        Assert.True(code == 0, error);
        Assert.Equal(7, layout.Table("t").Rows);
    }

    [Fact]
    public async Task ShareTellsOfAMissingFileAndLeavesNothing()
    {
        await InitAsync();
        string missing = Path.Combine(_root, "none.fvecs");
        (int code, _, string error) = await RunAsync("share", Deployment, "--table", "t", "--vectors", missing);
        Assert.Equal(1, code);
        Assert.Contains($"trident: The vector file {missing} does not exist", error);
        Assert.Empty(new DeploymentLayout(Deployment).Tables());
    }

    [Fact]
    public async Task ShareTellsOfADamagedFileAndLeavesNothing()
    {
        await InitAsync();
        string vectors = Vectors(20, 5);
        using (FileStream file = File.OpenWrite(vectors))
        {
            file.SetLength(file.Length - 3);
        }

        (int code, _, string error) = await RunAsync("share", Deployment, "--table", "t", "--vectors", vectors);
        Assert.Equal(1, code);
        Assert.Contains("trident: ", error);
        Assert.DoesNotContain("unexpected", error);
        Assert.Empty(new DeploymentLayout(Deployment).Tables());
        Assert.DoesNotContain(Directory.EnumerateFiles(Deployment, "*", SearchOption.AllDirectories), f => f.Contains(".share", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("share", "--table", "t", "--vectors", "x.fvecs")]
    [InlineData("fetch", "--table", "t", "--row", "1")]
    [InlineData("status")]
    [InlineData("up")]
    [InlineData("put", "--table", "t", "--row", "1", "--bytes", "00")]
    [InlineData("bench", "--table", "t")]
    public async Task CommandsTellWhenThereIsNoDeployment(string command, params string[] options)
    {
        (int code, string output, string error) = await RunAsync([command, _root, .. options]);
        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.StartsWith("trident: ", error);
        Assert.Contains("holds no deployment", error);
    }

    [Fact]
    public async Task BenchTellsOfAnUnknownTableAndAFileOfAnotherShape()
    {
        await InitAsync();
        await RunAsync("share", Deployment, "--table", "known", "--vectors", Vectors(20, 5));
        (int code, _, string error) = await RunAsync("bench", Deployment, "--table", "other");
        Assert.Equal(1, code);
        Assert.Contains("known", error);

        (code, _, error) = await RunAsync("bench", Deployment, "--table", "known", "--verify", Vectors(20, 4));
        Assert.Equal(1, code);
        Assert.Contains("20 × 4", error);
    }

    [Theory]
    [InlineData("fetch", "DIR", "--table", "t")]
    [InlineData("fetch", "DIR", "--table", "t", "--row", "1,x")]
    [InlineData("fetch", "DIR", "--row", "1")]
    [InlineData("share", "DIR", "--table", "t")]
    [InlineData("init")]
    [InlineData("init", "DIR", "--base-port", "70000")]
    [InlineData("bench", "DIR", "--table", "t", "--concurrency", "0")]
    [InlineData("bench", "DIR", "--table", "t", "--queries", "none")]
    [InlineData("up", "DIR", "--set", "nothing")]
    [InlineData("share", "DIR", "--table", "t", "--vectors", "x.fvecs", "--product", "barter")]
    [InlineData("put", "DIR", "--table", "t", "--row", "1")]
    [InlineData("put", "DIR", "--table", "t", "--bytes", "00")]
    [InlineData("put", "DIR", "--table", "t", "--row", "1", "--bytes", "00", "--vector", "x.fvecs")]
    [InlineData("put", "DIR", "--table", "t", "--row", "1", "--bytes", "00", "--vector-row", "1")]
    [InlineData("unknown")]
    [InlineData]
    public async Task WrongUsageHasItsOwnExitCode(params string[] arguments)
    {
        (int code, string output, string error) = await RunAsync(arguments);
        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.StartsWith("trident: ", error);
        Assert.Contains("--help", error);
    }

    [Theory]
    [InlineData("demo")]
    [InlineData("init")]
    [InlineData("share")]
    [InlineData("up")]
    [InlineData("fetch")]
    [InlineData("put")]
    [InlineData("rotate")]
    [InlineData("status")]
    [InlineData("bench")]
    public async Task EveryCommandHasHelp(string command)
    {
        (int code, string output, string error) = await RunAsync(command, "--help");
        Assert.Equal(0, code);
        Assert.Empty(error);
        Assert.Contains($"trident {command}", output, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task InitMakesTheDataOwnersIdentity()
    {
        await InitAsync();
        DeploymentLayout layout = new(Deployment);
        using OwnerIdentity owner = OwnerIdentity.Load(layout.OwnerIdentityFile);
        Assert.Equal(PartiesDescriptor.Load(layout.PartiesFile).OwnerKeyBytes(), owner.PublicKey);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(layout.OwnerIdentityFile));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(layout.OwnerDirectory));
        }

        Assert.Contains("data owner's, not a party's", Assert.Throws<IdentityException>(() => PartyIdentity.Load(layout.OwnerIdentityFile)).Message);
        Assert.Contains("party 2's, not the data owner's", Assert.Throws<IdentityException>(() => OwnerIdentity.Load(layout.IdentityFile(2))).Message);
    }

    [Fact]
    public async Task ShareNamesTheProduct()
    {
        await InitAsync();
        (int code, string output, string error) = await RunAsync("share", Deployment, "--table", "t", "--vectors", Vectors(20, 5), "--product", "beaver");
        Assert.True(code == 0, error);
        Assert.Contains("product beaver", output);
        Assert.Equal("beaver", new DeploymentLayout(Deployment).Table("t").Product);
        (_, output, _) = await RunAsync("share", Deployment, "--table", "u", "--vectors", Vectors(20, 5));
        Assert.Contains("product stock", output);
    }

    [Theory]
    [InlineData(2, "hexadecimal", "--bytes", "0x12")]
    [InlineData(2, "hexadecimal", "--bytes", "123")]
    [InlineData(1, "has 2 bytes; a record of table t has 20", "--bytes", "1234")]
    [InlineData(1, "NaN", "--bytes", "00000000000000000000c07f0000000000000000")]
    [InlineData(1, "does not exist", "--vector", "none.fvecs")]
    [InlineData(1, "choose one with --vector-row", "--vector", "3x5")]
    [InlineData(1, "has no record 3", "--vector", "3x5", "--vector-row", "3")]
    [InlineData(1, "has no record -1", "--vector", "3x5", "--vector-row", "-1")]
    [InlineData(1, "table t has 5 x f4", "--vector", "1x4")]
    public async Task PutRefusesABadRecordBeforeItAsksAnybody(int exit, string message, params string[] options)
    {
        await InitAsync();
        Vectors(3, 5);
        Vectors(1, 4);
        await RunAsync("share", Deployment, "--table", "t", "--vectors", Vectors(20, 5), "--product", "beaver");
        string[] given = [.. options.Select((o, i) => i == 1 && o.Contains('x', StringComparison.Ordinal) && options[0] == "--vector"
            ? Path.Combine(_root, o.EndsWith(".fvecs", StringComparison.Ordinal) ? o : o + ".fvecs")
            : o)];
        (int code, string output, string error) = await RunAsync(["put", Deployment, "--table", "t", "--row", "3", .. given]);
        Assert.Equal(exit, code);
        Assert.Empty(output);
        Assert.Contains(message, error);
        Assert.DoesNotContain("unexpected", error);
    }

    [Fact]
    public async Task PutTellsOfADeploymentWithoutADataOwner()
    {
        await InitAsync();
        DeploymentLayout layout = new(Deployment);
        await RunAsync("share", Deployment, "--table", "t", "--vectors", Vectors(20, 5), "--product", "beaver");
        (PartiesDescriptor.Load(layout.PartiesFile) with { Owner = null }).Save(layout.PartiesFile);
        Assert.DoesNotContain("owner", await File.ReadAllTextAsync(layout.PartiesFile), StringComparison.OrdinalIgnoreCase);
        (int code, _, string error) = await RunAsync("put", Deployment, "--table", "t", "--row", "3", "--bytes", new string('0', 40));
        Assert.Equal(1, code);
        Assert.Contains("names no data owner", error);
    }

    [Fact]
    public void SinglesThatAreBytesFitATableOfSingles()
    {
        string path = Path.Combine(_root, "one.fvecs");
        using (BinaryWriter writer = new(File.Create(path)))
        {
            writer.Write(2);
            writer.Write(7f);
            writer.Write(255f);
        }

        TableDescription singles = new("t", Guid.NewGuid(), 3, new RecordShape(ElementKind.F4, 2));
        Assert.Equal([.. BitConverter.GetBytes(7f), .. BitConverter.GetBytes(255f)], Text.NewRecord.FromFile(path, null, singles));
        Assert.Equal([7, 255], Text.NewRecord.FromFile(path, 0, singles with { Shape = new RecordShape(ElementKind.U8, 2) }));
    }

    private async Task InitAsync()
    {
        (int code, _, string error) = await RunAsync("init", Deployment);
        Assert.True(code == 0, error);
    }

    private string Vectors(int rows, int dimension)
    {
        string path = Path.Combine(_root, FormattableString.Invariant($"{rows}x{dimension}.fvecs"));
        using BinaryWriter writer = new(File.Create(path));
        for (int row = 0; row < rows; row++)
        {
            writer.Write(dimension);
            for (int i = 0; i < dimension; i++)
            {
                writer.Write(row + 0.25f * i - 0.125f);
            }
        }

        return path;
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        StringWriter output = new(), error = new();
        int code = await TridentCommandLine.RunAsync(arguments, output, error);
        return (code, output.ToString(), error.ToString());
    }
}
