using System.Net;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Orleans.Dashboard;
using Trident.Grains.Telemetry;

namespace Trident.Silo.Http;

/// <summary>
/// A party's HTTP endpoint, beside the exchange and apart from it: the page, the dashboard, metrics and health. It reads and changes nothing.
/// </summary>
internal static class PartyHttp
{
    private const string DashboardPath = "/dashboard";
    private const int MostRequestBytes = 64 << 10;

    public static void Add(WebApplicationBuilder builder, HttpSettings settings, IPAddress listen, AccessToken? token, int party)
    {
        Observing.Add(builder, settings, party);
        if (settings.Port == 0)
        {
            return;
        }

        builder.Services.AddSingleton(new HttpGate(token, IPAddress.IsLoopback(listen), party));
        builder.Services.AddSingleton<ClusterStatus>();
        builder.Services.AddHealthChecks().AddCheck<PartyReadiness>("party", tags: ["ready"]);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MostRequestBytes;
            kestrel.Listen(listen, settings.Port, o => o.Protocols = HttpProtocols.Http1);
        });
    }

    /// <summary>The dashboard's part in the cluster; its log stream is not served.</summary>
    public static void AddDashboard(ISiloBuilder silo, HttpSettings settings)
    {
        if (settings.Dashboard)
        {
            silo.AddDashboard(o => o.HideTrace = true);
        }
    }

    public static void Map(WebApplication app, HttpSettings settings, AccessToken? token, int party)
    {
        // Instruments are registered once the object is there, whoever collects them.
        app.Services.GetService<PartyObservables>();
        if (settings.Port == 0)
        {
            return;
        }

        HttpGate gate = app.Services.GetRequiredService<HttpGate>();
        app.Use(gate.InvokeAsync);
        app.MapPrometheusScrapingEndpoint("/metrics");
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions
        {
            ResponseWriter = static (context, report) => context.Response.WriteAsync(string.Join("\n", report.Entries.Values.Select(e => e.Description)) + "\n"),
        });
        if (token is null)
        {
            return;
        }

        string link = settings.Dashboard ? $"<a id=\"dashboard\" href=\"{DashboardPath}/\">Orleans dashboard</a>" : "";
        app.MapGet("/", context => WriteAsync(context, "index.html", "text/html; charset=utf-8", party, dashboard: link));
        MapFile(app, "/page.css", "page.css", "text/css; charset=utf-8", party);
        MapFile(app, "/page.js", "page.js", "text/javascript; charset=utf-8", party);
        app.MapGet("/api/status", static (ClusterStatus status, CancellationToken stop) => status.GetAsync(stop));
        MapFile(app, HttpGate.LoginPath, "login.html", "text/html; charset=utf-8", party);
        app.MapPost(HttpGate.LoginPath, async context =>
        {
            IFormCollection? form = context.Request.HasFormContentType ? await context.Request.ReadFormAsync(context.RequestAborted) : null;
            if (token.Open(form?["token"]) is not { } session)
            {
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
                await WriteAsync(context, "login.html", "text/html; charset=utf-8", party, "This is not the token.");
                return;
            }

            context.Response.Cookies.Append(gate.CookieName, session, new CookieOptions
            {
                HttpOnly = true,
                SameSite = SameSiteMode.Strict,
                Secure = HttpGate.IsSecure(context.Request),
                IsEssential = true,
            });
            context.Response.StatusCode = StatusCodes.Status303SeeOther;
            context.Response.Headers.Location = "/";
        });
        app.MapPost("/logout", context =>
        {
            token.Close(context.Request.Cookies[gate.CookieName]);
            context.Response.Cookies.Delete(gate.CookieName);
            context.Response.StatusCode = StatusCodes.Status303SeeOther;
            context.Response.Headers.Location = HttpGate.LoginPath;
            return Task.CompletedTask;
        });
        if (settings.Dashboard)
        {
            app.MapOrleansDashboard(routePrefix: DashboardPath);
        }
    }

    private static void MapFile(WebApplication app, string path, string file, string type, int party) =>
        app.MapGet(path, context => WriteAsync(context, file, type, party));

    private static async Task WriteAsync(HttpContext context, string file, string type, int party, string message = "", string dashboard = "")
    {
        using Stream resource = typeof(PartyHttp).Assembly.GetManifestResourceStream("page/" + file)
            ?? throw new InvalidOperationException($"The file {file} is not in the silo's program.");
        using StreamReader reader = new(resource);
        string text = await reader.ReadToEndAsync(context.RequestAborted);
        context.Response.ContentType = type;
        context.Response.Headers.ContentSecurityPolicy =
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
        await context.Response.WriteAsync(
            text.Replace("{party}", $"{party}").Replace("{dashboard}", dashboard).Replace("{message}", HtmlEncoder.Default.Encode(message)), context.RequestAborted);
    }
}
