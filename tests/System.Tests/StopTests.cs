using System.Net.Sockets;
using Trident.System.Tests.Clustering;
using Xunit;

namespace Trident.System.Tests;

/// <summary>A silo that is told to stop ends with 0, whatever it is at.</summary>
public sealed class StopTests
{
    private const int Terminate = 15;

    [Fact]
    public async Task While_it_waits_for_its_database()
    {
        await using TestDeployment deployment = new()
        {
            SiloArguments = ["--Trident:Clustering=postgres", "--Trident:ClusteringConnection=Host=127.0.0.1;Port=1;Database=x;Username=x", "--Trident:ClusteringWait=00:30:00"],
        };
        SiloProcess silo = deployment.Begin(1);
        await Until.SoAsync(() => silo.Output.Contains("Trying again", StringComparison.Ordinal));
        await EndsAsync(silo, Terminated);
    }

    [Fact]
    public async Task While_it_joins_a_cluster_that_is_not_there()
    {
        await using TestDeployment deployment = new();
        await EndsAsync(await JoiningAsync(deployment), Terminated);
    }

    [Fact]
    public async Task While_it_serves()
    {
        await using TestDeployment deployment = new();
        await deployment.StartAsync(1);
        await EndsAsync(deployment.Silo(1), Terminated);
    }

    [Fact]
    public async Task When_who_started_it_is_gone()
    {
        await using TestDeployment deployment = new();
        await deployment.StartAsync(1);
        SiloProcess joining = deployment.Begin(2);
        await Until.SoAsync(() => ListensAsync(deployment.Parties[2].SiloPort));
        await EndsAsync(deployment.Silo(1), s => s.EndInput());
        await EndsAsync(joining, s => s.EndInput());
    }

    /// <summary>Party 2's silo without party 1's, which would let it in: it has begun to start, and does not get ready.</summary>
    private static async Task<SiloProcess> JoiningAsync(TestDeployment deployment)
    {
        SiloProcess silo = deployment.Begin(2);
        await Until.SoAsync(() => ListensAsync(deployment.Parties[2].SiloPort));
        return silo;
    }

    private static void Terminated(SiloProcess silo) => Assert.Equal(0, PostgresServer.Signal(silo.Id, Terminate));

    private static async Task EndsAsync(SiloProcess silo, Action<SiloProcess> tell)
    {
        Assert.False(silo.HasExited, silo.Output);
        tell(silo);
        (int code, string output) = await silo.ExitAsync();
        Assert.True(code == 0, $"exit code {code}:\n{output}");
        Assert.DoesNotContain("Unhandled exception", output, StringComparison.Ordinal);
    }

    private static async Task<bool> ListensAsync(int port)
    {
        using TcpClient client = new();
        try
        {
            await client.ConnectAsync("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
