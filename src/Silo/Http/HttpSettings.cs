using System.Net;

namespace Trident.Silo.Http;

/// <summary>Section <c>Trident:Http</c>: what an operator may look at in a browser or collect. Off unless a port is set.</summary>
public sealed class HttpSettings
{
    /// <summary>The fewest characters that a token may have.</summary>
    public const int LeastToken = 20;

    /// <summary>Port of the HTTP endpoint; 0 for none.</summary>
    public int Port { get; set; }

    /// <summary>Address that it listens on; loopback unless told.</summary>
    public string Listen { get; set; } = "127.0.0.1";

    /// <summary>The operator's token. Rather in the environment (<c>Trident__Http__Token</c>) or a file than on the command line.</summary>
    public string? Token { get; set; }

    /// <summary>A file that holds the token, instead of it.</summary>
    public string? TokenFile { get; set; }

    /// <summary>Whether the Orleans dashboard is served, under <c>/dashboard</c>. It must be so at all three or at none.</summary>
    public bool Dashboard { get; set; }

    /// <summary>Where to send metrics and spans by OTLP, such as <c>http://collector:4317</c>; null for nowhere.</summary>
    public string? Otlp { get; set; }

    /// <summary>How OTLP is spoken: <c>grpc</c> or <c>http</c>.</summary>
    public string OtlpProtocol { get; set; } = "grpc";

    /// <summary>Checks the settings and reads the token; null when there is none, and then there is no page.</summary>
    /// <exception cref="StartException">They cannot work, or would show the party to strangers.</exception>
    public AccessToken? Check(out IPAddress listen)
    {
        if (!IPAddress.TryParse(Listen, out IPAddress? address))
        {
            throw Bad($"'{Listen}' is no address to listen on; set Trident:Http:Listen to an IP address.");
        }

        listen = address;
        if (Port is < 0 or > 65535)
        {
            throw Bad($"Trident:Http:Port is {Port}; it may be 1 to 65535, or 0 for no HTTP.");
        }

        if (!string.IsNullOrWhiteSpace(Otlp) && !(Uri.TryCreate(Otlp, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"))
        {
            throw Bad("Trident:Http:Otlp is no address of a collector; give one such as http://collector:4317.");
        }

        if (OtlpProtocol is not ("grpc" or "http"))
        {
            throw Bad($"There is no OTLP protocol '{OtlpProtocol}'; Trident:Http:OtlpProtocol is 'grpc' or 'http'.");
        }

        string? token = SecretFile.Read("Trident:Http:Token", Token, TokenFile);
        if (token is { Length: < LeastToken })
        {
            throw Bad($"The HTTP token has {token.Length} characters; it needs at least {LeastToken}, drawn at random.");
        }

        if (Port == 0)
        {
            return Dashboard ? throw Bad("Trident:Http:Dashboard is set and there is no HTTP; set Trident:Http:Port.") : null;
        }

        if (token is null && Dashboard)
        {
            throw Bad("The dashboard needs a token; set Trident:Http:TokenFile, or Trident:Http:Token in the environment.");
        }

        if (token is null && !IPAddress.IsLoopback(address))
        {
            throw Bad($"HTTP on {address} can be reached from other machines and needs a token; set Trident:Http:TokenFile, or listen on loopback.");
        }

        return token is null ? null : new AccessToken(token);
    }

    private static StartException Bad(string message) => new(StartException.BadConfiguration, message);
}
