using System.Diagnostics;
using Trident.Abstractions;

namespace Trident.Grains.Telemetry;

/// <summary>The spans of a party that stand below a client's.</summary>
public static class PartySpans
{
    /// <summary>Starts one. What is no traceparent is nobody's: the span then begins a trace. Null while nobody listens.</summary>
    /// <param name="name">Name of the span.</param>
    /// <param name="traceParent">What the client sent, a W3C traceparent; it is not trusted.</param>
    /// <param name="party">This party.</param>
    public static Activity? Start(string name, string? traceParent, int party)
    {
        ActivityContext.TryParse(traceParent, null, isRemote: true, out ActivityContext caller);
        return TridentTelemetry.Source.StartActivity(name, ActivityKind.Server, caller)?.SetTag("trident.party", party);
    }
}
