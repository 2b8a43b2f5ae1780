using System.Net;

namespace Trident.Silo.Http;

/// <summary>
/// Decides who may look. Metrics and health are open on loopback and need the token as bearer elsewhere; everything else needs the token
/// or a session. On loopback the request must also name loopback, or a page of some other site could read along through a name that it
/// has pointed here.
/// </summary>
public sealed class HttpGate(AccessToken? token, bool loopback, int party)
{
    /// <summary>The sign-in page, and where it posts to.</summary>
    public const string LoginPath = "/login";

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
        if (loopback && host != "localhost" && !(IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address)))
        {
            return RefuseAsync(context, StatusCodes.Status421MisdirectedRequest, "This endpoint is for this machine; ask for it as 127.0.0.1 or localhost.");
        }

        PathString path = context.Request.Path;
        bool collected = path == "/metrics" || path.StartsWithSegments("/health");
        if (collected && loopback || path == LoginPath || path == "/page.css" || IsAllowed(context.Request, collected))
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

    private bool IsAllowed(HttpRequest request, bool bearerOnly)
    {
        const string scheme = "Bearer ";
        string authorization = request.Headers.Authorization.ToString();
        return token is not null && (authorization.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) && token.Is(authorization[scheme.Length..].Trim())
            || !bearerOnly && token.IsOpen(request.Cookies[CookieName]));
    }

    private static Task RefuseAsync(HttpContext context, int status, string why)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(why + "\n");
    }
}
