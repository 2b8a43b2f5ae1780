using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Trident.Client;
using Xunit;
using Xunit.Abstractions;

namespace Trident.System.Tests.Http;

/// <summary>What the HTTP endpoint says, and to whom.</summary>
public sealed class EndpointTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Metrics_health_and_status_say_what_happened_and_only_the_token_opens_the_page()
    {
        await using HttpDeployment deployment = new();
        output.WriteLine($"seed {deployment.Silos.Seed}");
        using HttpClient stranger = HttpDeployment.Browser(signedIn: false), operatorsOwn = HttpDeployment.Browser(signedIn: true);
        await deployment.Silos.StartAsync(1);
        Assert.Equal(HttpStatusCode.OK, (await stranger.GetAsync(deployment.Address(1, "/health/live"))).StatusCode);
        HttpResponseMessage unready = await stranger.GetAsync(deployment.Address(1, "/health/ready"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, unready.StatusCode);
        Assert.Equal("no peer is up; no stock for table vectors\n", await unready.Content.ReadAsStringAsync());

        await deployment.Silos.StartAsync(2, 3);
        await using TridentClient client = await deployment.Silos.ConnectAsync();
        Readiness readiness = await client.WaitReadyAsync(TimeSpan.FromSeconds(60));
        Assert.True(readiness.IsReady, readiness.Reason);
        await Until.SoAsync(async () => await (await stranger.GetAsync(deployment.Address(1, "/health/ready"))).Content.ReadAsStringAsync(), s => s == "ready\n");
        int asked = 0;
        for (int party = 1; party <= 3; party++)
        {
            // A scrape is kept for a moment, and a party that is slow is left out of an answer: asked until each has counted enough.
            string metrics = await Until.SoAsync(async () =>
            {
                int row = asked++ % deployment.Silos.Plain.Length;
                Assert.Equal(deployment.Silos.Plain[row], (await client.FetchAsync("vectors", row)).Records[0]);
                return await stranger.GetStringAsync(deployment.Address(party, "/metrics"));
            }, m => Value(m, "trident_queries_total", "outcome=\"answered\"") >= 20 && Enumerable.Range(1, 3).Where(p => p != party).All(p => Value(m, "trident_peer_up", $"peer=\"{p}\"") == 1)
                && Value(m, "trident_stock_items", "table=\"vectors\"") > 0);
            Assert.True(Value(metrics, "trident_stock_items", "table=\"vectors\"") > 0, metrics);
            Assert.True(Value(metrics, "trident_query_duration_seconds_count", "outcome=\"answered\"") >= 20);
            Assert.All((string[])["select", "mask", "exchange", "answer"], phase => Assert.True(Value(metrics, "trident_query_phase_duration_seconds_count", $"phase=\"{phase}\"") >= 20));
            foreach (int peer in Enumerable.Range(1, 3).Where(p => p != party))
            {
                Assert.Equal(1, Value(metrics, "trident_peer_up", $"peer=\"{peer}\""));
                Assert.True(Value(metrics, "trident_exchange_size_bytes_total", $"direction=\"out\"[^}}]*peer=\"{peer}\"") > 0, metrics);
                Assert.True(Value(metrics, "trident_exchange_duration_seconds_count", $"kind=\"EShare\"[^}}]*peer=\"{peer}\"") >= 20, metrics);
            }

            Assert.Contains($"trident_party=\"{party}\"", metrics, StringComparison.Ordinal);

            // What the dashboard asks for is there; a counter without a sample, as of refusals where nothing was refused, is not exported.
            HashSet<string> exported = GrafanaDashboard.Exported(metrics);
            Assert.DoesNotContain(GrafanaDashboard.Metrics(), m => !exported.Contains(m) && m is not ("trident_frames_refused_total" or "trident_leases_total"));
        }

        // The load is that of the last ten seconds, and a status that is late shows its party as down: asked again.
        JsonElement status = JsonDocument.Parse(await Until.SoAsync(async () =>
        {
            await client.FetchAsync("vectors", 0);
            return await operatorsOwn.GetStringAsync(deployment.Address(2, "/api/status"));
        }, s => JsonDocument.Parse(s).RootElement.GetProperty("parties").EnumerateArray()
            .All(p => p.ValueKind == JsonValueKind.Object && p.GetProperty("load").GetProperty("queriesPerSecond").GetDouble() > 0))).RootElement;
        Assert.Equal(2, status.GetProperty("party").GetInt32());
        Assert.Equal(12, status.GetProperty("seen").GetArrayLength());

        // A party that is gone is shown as gone, and the page goes on.
        await deployment.Silos.Silo(3).KillAsync();
        await Until.SoAsync(() => operatorsOwn.GetStringAsync(deployment.Address(2, "/api/status")), s =>
        {
            JsonElement parties = JsonDocument.Parse(s).RootElement.GetProperty("parties");
            return parties[2].ValueKind == JsonValueKind.Null && parties[0].ValueKind == JsonValueKind.Object;
        });
        await RefusalsAsync(deployment, stranger);
        Assert.DoesNotContain(HttpDeployment.Token, deployment.Silos.Silo(2).Output, StringComparison.Ordinal);
    }

    private static async Task RefusalsAsync(HttpDeployment deployment, HttpClient stranger)
    {
        foreach (string path in (string[])["/", "/page.js", "/api/status", "/dashboard/", "/dashboard/DashboardCounters", "/nothing"])
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync(deployment.Address(2, path))).StatusCode);
        }

        HttpResponseMessage wrong = await SignInAsync("not the token, though as long as one");
        Assert.Equal(HttpStatusCode.Forbidden, wrong.StatusCode);
        Assert.False(wrong.Headers.Contains("Set-Cookie"));
        HttpResponseMessage right = await SignInAsync(HttpDeployment.Token);
        Assert.Equal(HttpStatusCode.SeeOther, right.StatusCode);
        string cookie = Assert.Single(right.Headers.GetValues("Set-Cookie"));
        Assert.Matches("(?i)samesite=strict", cookie);
        Assert.Matches("(?i)httponly", cookie);
        Assert.DoesNotContain("token", cookie, StringComparison.Ordinal);
        string session = cookie.Split(';')[0];
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("/api/status", session)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync("/dashboard/GrainState?grainId=1&grainType=x", session)).StatusCode);
        Assert.Equal(HttpStatusCode.SeeOther, (await SendAsync(HttpMethod.Post, "/logout", session, null)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync("/api/status", session)).StatusCode);

        // A name of some other site that was pointed here.
        Assert.Equal(HttpStatusCode.MisdirectedRequest, (await SendAsync(HttpMethod.Get, "/metrics", null, "rebound.example")).StatusCode);

        Task<HttpResponseMessage> SignInAsync(string token) =>
            stranger.PostAsync(deployment.Address(2, "/login"), new FormUrlEncodedContent([new("token", token)]));
        Task<HttpResponseMessage> GetAsync(string path, string cookie) => SendAsync(HttpMethod.Get, path, cookie, null);
        Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? cookie, string? host)
        {
            HttpRequestMessage request = new(method, deployment.Address(2, path));
            request.Headers.Host = host;
            if (cookie is not null)
            {
                request.Headers.Add("Cookie", cookie);
            }

            return stranger.SendAsync(request);
        }
    }

    /// <summary>The value of a line of the Prometheus text; −1 when there is none.</summary>
    private static double Value(string metrics, string name, string label)
    {
        Match match = Regex.Match(metrics, $@"(?m)^{name}\{{[^}}\n]*{label}[^}}\n]*\}} ([0-9.e+]+)");
        return match.Success ? double.Parse(match.Groups[1].Value, global::System.Globalization.CultureInfo.InvariantCulture) : -1;
    }
}
