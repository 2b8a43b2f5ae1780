using Microsoft.AspNetCore.Http;
using Trident.Silo.Http;
using Xunit;

namespace Trident.Silo.Tests.Http;

/// <summary>Who may look at what (docs/observability.md).</summary>
public sealed class HttpGateTests
{
    private const string Token = "0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("/metrics", true, 200)]
    [InlineData("/health/live", true, 200)]
    [InlineData("/health/ready", true, 200)]
    [InlineData("/", true, 401)]
    [InlineData("/api/status", true, 401)]
    [InlineData("/dashboard/", true, 401)]
    [InlineData("/metrics", false, 401)]
    [InlineData("/health/live", false, 401)]
    [InlineData("/", false, 401)]
    public async Task Without_a_token(string path, bool loopback, int status)
    {
        Assert.Equal(status, await AskAsync(new HttpGate(new AccessToken(Token), loopback, 1), path));
        Assert.Equal(status, await AskAsync(new HttpGate(new AccessToken(Token), loopback, 1), path, bearer: Token + "0"));
    }

    [Theory]
    [InlineData("/metrics", false)]
    [InlineData("/health/live", false)]
    [InlineData("/", true)]
    [InlineData("/api/status", false)]
    [InlineData("/dashboard/", true)]
    public async Task With_the_token(string path, bool loopback) =>
        Assert.Equal(200, await AskAsync(new HttpGate(new AccessToken(Token), loopback, 1), path, bearer: Token));

    [Fact]
    public async Task A_session_opens_pages_and_metrics_to_read_and_not_health()
    {
        AccessToken token = new(Token);
        HttpGate gate = new(token, loopback: false, 2);
        string cookie = $"{gate.CookieName}={token.Open(Token)}";
        Assert.Equal(200, await AskAsync(gate, "/", cookie: cookie));
        Assert.Equal(200, await AskAsync(gate, "/metrics", cookie: cookie));
        Assert.Equal(401, await AskAsync(gate, "/health/ready", cookie: cookie));
        Assert.Equal(401, await AskAsync(gate, "/", cookie: $"{gate.CookieName}={Token}"));
        Assert.Equal(401, await AskAsync(gate, "/", cookie: cookie.Replace("party-2", "party-3", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("X-Forwarded-For", "203.0.113.9")]
    [InlineData("X-Forwarded-Host", "a.example")]
    [InlineData("X-Forwarded-Proto", "https")]
    [InlineData("Forwarded", "for=203.0.113.9")]
    [InlineData("Via", "1.1 proxy")]
    public async Task What_a_proxy_on_this_machine_passes_on_is_not_local(string header, string value)
    {
        HttpGate gate = new(new AccessToken(Token), loopback: true, 1);
        foreach (string path in (string[])["/metrics", "/health/live", "/health/ready"])
        {
            Assert.Equal(401, await AskAsync(gate, path, header: (header, value)));
            Assert.Equal(200, await AskAsync(gate, path, bearer: Token, header: (header, value)));
        }

        // Without any token set nobody beyond this machine may look at all.
        Assert.Equal(403, await AskAsync(new HttpGate(null, loopback: true, 1), "/metrics", header: (header, value)));
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("http", false)]
    [InlineData("http, https", false)]
    [InlineData("https", true)]
    [InlineData("HTTPS, http", true)]
    public void The_cookie_is_for_TLS_alone_where_the_browser_speaks_it(string? proto, bool secure)
    {
        DefaultHttpContext context = new();
        context.Request.Headers["X-Forwarded-Proto"] = proto;
        Assert.Equal(secure, HttpGate.IsSecure(context.Request));
        context.Request.Scheme = "https";
        Assert.True(HttpGate.IsSecure(context.Request));
    }

    [Fact]
    public async Task Grains_fields_are_not_served_to_anybody() =>
        Assert.Equal(404, await AskAsync(new HttpGate(new AccessToken(Token), true, 1), "/dashboard/GrainState", bearer: Token));

    [Fact]
    public async Task Without_any_token_set_there_is_no_page() =>
        Assert.Equal(403, await AskAsync(new HttpGate(null, true, 1), "/"));

    [Theory]
    [InlineData("127.0.0.1", 200)]
    [InlineData("localhost", 200)]
    [InlineData("[::1]", 200)]
    [InlineData("rebound.example", 421)]
    [InlineData("127.0.0.1.example", 421)]
    public async Task On_loopback_the_request_names_loopback(string host, int status) =>
        Assert.Equal(status, await AskAsync(new HttpGate(new AccessToken(Token), true, 1), "/metrics", host: host));

    private static async Task<int> AskAsync(HttpGate gate, string path, string? bearer = null, string? cookie = null, string host = "127.0.0.1",
        (string Name, string Value)? header = null)
    {
        DefaultHttpContext context = new();
        context.Request.Method = HttpMethods.Get;
        context.Request.Host = new HostString(host);
        context.Request.Path = path;
        context.Request.Headers.Authorization = bearer is null ? default : $"Bearer {bearer}";
        context.Request.Headers.Cookie = cookie ?? default(Microsoft.Extensions.Primitives.StringValues);
        if (header is var (name, value))
        {
            context.Request.Headers[name] = value;
        }

        context.Response.Body = new MemoryStream();
        bool through = false;
        await gate.InvokeAsync(context, _ =>
        {
            through = true;
            return Task.CompletedTask;
        });
        Assert.Equal(through, context.Response.StatusCode == 200);
        Assert.Equal("no-store", context.Response.Headers.CacheControl);
        return context.Response.StatusCode;
    }
}
