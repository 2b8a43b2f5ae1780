using System.Net;

namespace Trident.Silo.Http;

/// <summary>
/// Decides who may look. Metrics and health are open on loopback and need the token as bearer elsewhere; everything else, and metrics for
/// reading too, opens to the token or a session. On loopback the request must also name loopback, or a page of some other site could read along through a name that it
/// has pointed here. A request that a proxy on this machine passed on comes from elsewhere, and is treated so.
/// </summary>
public sealed class HttpGate(AccessToken? token, bool loopback, int party)
{
    /// <summary>The sign-in page, and where it posts to.</summary>
    public const string LoginPath = "/login";

    private static readonly string[] ProxyHeaders = ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "Via"];

    /// <summary>The session's cookie. Cookies know hosts and no ports: each party's has a name of its own.</summary>
    public string CookieName { get; } = $"trident-party-{party}";

    /// <summary>Lets the request through, or answers it.</summary>
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        string host = context.Request.Host.Host;
        bool local = loopback && !IsForwarded(context.Request);
        if (loopback && host != "localhost" && !(IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address)))
        {
            return RefuseAsync(context, StatusCodes.Status421MisdirectedRequest, "This endpoint is for this machine; ask for it as 127.0.0.1 or localhost.");
        }

        PathString path = context.Request.Path;
        bool collected = path == "/metrics" || path.StartsWithSegments("/health");
        if (collected && local || path == LoginPath || path == "/page.css" || IsAllowed(context.Request, path))
        {
            // The dashboard would read the fields of any grain to whoever asks.
            return path.StartsWithSegments("/dashboard/GrainState") ? RefuseAsync(context, StatusCodes.Status404NotFound, "Not served.") : next(context);
        }

        if (token is null)
        {
            return RefuseAsync(context, StatusCodes.Status403Forbidden, "There is no token, so there is no page; set Trident:Http:TokenFile and start the silo again.");
        }

        if (HttpMethods.IsGet(context.Request.Method) && context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal))
        {
            context.Response.Redirect(LoginPath);
            return Task.CompletedTask;
        }

        headers.WWWAuthenticate = "Bearer";
        return RefuseAsync(context, StatusCodes.Status401Unauthorized, "This needs the operator's token.");
    }

    /// <summary>
    /// Whether a browser has this request's answer over TLS, as far as can be told from here. Anybody can write the header: what he gains
    /// is a cookie that his own browser sends over TLS only.
    /// </summary>
    public static bool IsSecure(HttpRequest request) =>
        request.IsHttps || request.Headers["X-Forwarded-Proto"].ToString().Split(',')[0].Trim().Equals("https", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a proxy says that it passes this request on for somebody. Who leaves such a header out is on this machine; who adds one gains nothing.</summary>
    private static bool IsForwarded(HttpRequest request) => ProxyHeaders.Any(request.Headers.ContainsKey);

    private bool IsAllowed(HttpRequest request, PathString path)
    {
        const string scheme = "Bearer ";
        string authorization = request.Headers.Authorization.ToString();
        return token is not null && (authorization.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) && token.Is(authorization[scheme.Length..].Trim())
            || !path.StartsWithSegments("/health") && (path != "/metrics" || HttpMethods.IsGet(request.Method)) && token.IsOpen(request.Cookies[CookieName]));
    }

    private static Task RefuseAsync(HttpContext context, int status, string why)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(why + "\n");
    }
}
