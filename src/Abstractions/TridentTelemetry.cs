using System.Diagnostics;

namespace Trident.Abstractions;

/// <summary>The name under which client and parties tell what they do. No row, key or ticket is ever put into a span or a metric.</summary>
public static class TridentTelemetry
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string Name = "Trident";

    /// <summary>Spans of queries, at the client and at the parties. Nothing is made while nobody listens.</summary>
    public static readonly ActivitySource Source = new(Name);
}
