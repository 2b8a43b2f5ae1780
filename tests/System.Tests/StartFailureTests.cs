using System.Net;
using System.Net.Sockets;
using Trident.Protocol.Sealing;
using Trident.Protocol.Tables;
using Xunit;

namespace Trident.System.Tests;

/// <summary>Each thing that can be wrong at start has its own message and exit code.</summary>
public sealed class StartFailureTests
{
    [Fact]
    public async Task A_missing_key() => await FailsAsync(d => File.Delete(d.Layout.IdentityFile(2)), 3, "identity");

    [Fact]
    public async Task A_damaged_share_file() => await FailsAsync(d => Change(ShareOf(d, 2), b => b[^5] ^= 1), 4, "checksum");

    [Fact]
    public async Task A_truncated_share_file() => await FailsAsync(d => Change(ShareOf(d, 2), _ => { }, cut: 100), 4, "short");

    [Fact]
    public async Task The_share_file_of_another_party() => await FailsAsync(d => File.Copy(ShareOf(d, 1), ShareOf(d, 2), true), 4, "party");

    [Fact]
    public async Task A_missing_share_file() => await FailsAsync(d => File.Delete(ShareOf(d, 2)), 4, "share");

    [Fact]
    public async Task A_descriptor_with_another_key() => await FailsAsync(d =>
    {
        using PartyIdentity other = PartyIdentity.Generate(2, d.Id);
        PartyEndpoint[] parties = [.. d.Parties.Parties.Select(p => p.Party == 2 ? p with { PublicKey = Convert.ToBase64String(other.PublicKey) } : p)];
        File.Delete(d.Layout.PartiesFile);
        (d.Parties with { Parties = parties }).Save(d.Layout.PartiesFile);
    }, 6, "key");

    [Fact]
    public async Task A_port_that_another_process_has()
    {
        await using TestDeployment deployment = new();
        using Socket taken = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, deployment.Parties[2].ExchangePort));
        taken.Listen();
        await ExpectAsync(deployment, 5, $"{deployment.Parties[2].ExchangePort}");
    }

    [Theory]
    [InlineData("--Trident:Http:Port=abc", "Trident:Http:Port")]
    [InlineData("--Trident:Exchange:Grace=soon", "Trident:Exchange:Grace")]
    [InlineData("--party=x", "Trident:Party")]
    [InlineData("--options=missing.json", "missing.json")]
    [InlineData("--Trident:Exchange:Graec=00:00:01", "Graec")]
    [InlineData("--Trident:Lisen=0.0.0.0", "Lisen")]
    [InlineData("--Trident:ResolveWait=-00:00:01", "Trident:ResolveWait")]
    [InlineData("--Trident:Http:TokenFile=missing.token", "missing.token")]
    public async Task A_setting_that_is_none(string argument, string word)
    {
        await using TestDeployment deployment = new();
        await ExpectAsync(deployment, 2, word, argument);
    }

    [Fact]
    public async Task Options_that_are_no_JSON()
    {
        await using TestDeployment deployment = new();
        string file = Path.Combine(deployment.Directory, "options.json");
        File.WriteAllText(file, "{ \"Trident\": ");
        await ExpectAsync(deployment, 2, "options.json", "--options", file);
    }

    [Fact]
    public async Task A_host_without_an_address()
    {
        await using TestDeployment deployment = new();
        PartyEndpoint[] parties = [.. deployment.Parties.Parties.Select(p => p.Party == 2 ? p with { Host = "nowhere.invalid" } : p)];
        File.Delete(deployment.Layout.PartiesFile);
        (deployment.Parties with { Parties = parties }).Save(deployment.Layout.PartiesFile);
        await ExpectAsync(deployment, 9, "nowhere.invalid", "--Trident:ResolveWait=00:00:00");
    }

    [Fact]
    public async Task A_party_that_does_not_exist()
    {
        await using TestDeployment deployment = new();
        await using SiloProcess silo = SiloProcess.Start(deployment.Directory, 4);
        (int code, string output) = await silo.ExitAsync();
        Assert.True(code == 2 && output.Contains("--party", StringComparison.Ordinal), output);
    }

    private static string ShareOf(TestDeployment d, int party) => d.Layout.ShareFile(party, "vectors", d.Layout.Table("vectors").Version);

    private static void Change(string path, Action<byte[]> change, int cut = 0)
    {
        byte[] bytes = File.ReadAllBytes(path);
        change(bytes);
        File.WriteAllBytes(path, bytes[..^cut]);
    }

    private static async Task FailsAsync(Action<TestDeployment> harm, int code, string word)
    {
        await using TestDeployment deployment = new();
        harm(deployment);
        await ExpectAsync(deployment, code, word);
    }

    private static async Task ExpectAsync(TestDeployment deployment, int code, string word, params string[] arguments)
    {
        await using SiloProcess silo = SiloProcess.Start(deployment.Directory, 2, arguments);
        (int exit, string output) = await silo.ExitAsync();
        Assert.True(exit == code, $"exit code {exit}, expected {code}:\n{output}");
        Assert.Contains(word, output, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Unhandled exception", output, StringComparison.Ordinal);
    }
}
