using System.Net.Http.Headers;
using Trident.Client;
using Trident.Console.Deployments;
using Xunit;

namespace Trident.System.Tests.Http;

/// <summary>Three silos with HTTP on loopback.</summary>
public sealed class HttpDeployment : IAsyncDisposable
{
    public const string Token = "a token of these tests, and of nothing else";
    private readonly int[] _ports = FreePorts.FindRow(3);

    /// <param name="more">More arguments for every silo.</param>
    /// <param name="ofParty">More arguments for one party's.</param>
    /// <param name="grace">As of the deployment.</param>
    public HttpDeployment(string[]? more = null, Func<int, string[]>? ofParty = null, TimeSpan? grace = null) => Silos = new TestDeployment
    {
        Grace = grace,
        SiloArguments = [$"--Trident:Http:Token={Token}", "--Trident:Http:Dashboard=true", .. more ?? []],
        PartyArguments = p => [$"--Trident:Http:Port={_ports[p - 1]}", .. ofParty?.Invoke(p) ?? []],
    };

    public TestDeployment Silos { get; }

    public Uri Address(int party, string path = "/") => new($"http://127.0.0.1:{_ports[party - 1]}{path}");

    /// <summary>A client that follows no redirect and keeps no cookie.</summary>
    public static HttpClient Browser(bool signedIn)
    {
        HttpClient client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
        client.DefaultRequestHeaders.Authorization = signedIn ? new AuthenticationHeaderValue("Bearer", Token) : null;
        return client;
    }

    /// <summary>Starts the silos and waits until they can answer.</summary>
    public async Task<TridentClient> StartAsync()
    {
        await Silos.StartAsync();
        TridentClient client = await Silos.ConnectAsync();
        Readiness readiness = await client.WaitReadyAsync(TimeSpan.FromSeconds(60));
        Assert.True(readiness.IsReady, readiness.Reason);
        return client;
    }

    public ValueTask DisposeAsync() => Silos.DisposeAsync();
}
