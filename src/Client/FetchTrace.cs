using System.Diagnostics;
using Trident.Abstractions;

namespace Trident.Client;

/// <summary>
/// The trace of one fetch, or of one query for scores. It is one of its own: an id that the application's other systems see too would tell a party whose query it is,
/// and baggage may hold anything. The caller's span is named by a link, which stays on this side. While nobody listens nothing is made,
/// and nothing is sent.
/// </summary>
internal static class FetchTrace
{
    /// <summary>Starts the root of a new trace, whatever is under way at the caller. For the length of an asynchronous method, which gives its caller back what was current.</summary>
    /// <param name="scores">Whether scores are asked for, and not rows.</param>
    /// <param name="count">How many rows or vectors.</param>
    public static Activity? Start(bool scores, int count)
    {
        if (!TridentTelemetry.Source.HasListeners())
        {
            return null;
        }

        Activity? caller = Activity.Current;
        Activity.Current = null;
        ActivityLink[]? links = caller is { IdFormat: ActivityIdFormat.W3C } ? [new ActivityLink(caller.Context)] : null;
        Activity? fetch = TridentTelemetry.Source.StartActivity(scores ? "trident.score" : "trident.fetch", ActivityKind.Internal, default(ActivityContext), links: links);
        fetch?.SetTag("trident.rows", count);
        return fetch;
    }

    /// <summary>Starts the span of one attempt below the fetch's.</summary>
    public static Activity? Attempt(Activity? fetch, int number) => fetch is null
        ? null
        : TridentTelemetry.Source.StartActivity("trident.attempt", ActivityKind.Client, fetch.Context)?.SetTag("trident.attempt", number);

    /// <summary>Starts the span of a query's waiting for tickets, below the fetch's.</summary>
    public static Activity? Waiting(Activity? fetch) => fetch is null
        ? null
        : TridentTelemetry.Source.StartActivity("trident.tickets", ActivityKind.Internal, fetch.Context);

    /// <summary>
    /// Starts the span of one lease from one party: below a query's waiting, or, when no query waits for it, the root of a trace of its
    /// own: what it brings is for queries that are still to come. Where an activity is current a root would be made its child, so this is
    /// called where nothing of the caller's is.
    /// </summary>
    public static Activity? Lease(Activity? waiting, int party, int count) => TridentTelemetry.Source
        .StartActivity("trident.lease", ActivityKind.Client, waiting?.Context ?? default)?.SetTag("trident.party", party).SetTag("trident.tickets", count);

    /// <summary>
    /// What the parties are told, a W3C traceparent: trace and span id, and that it is recorded. Null where it is not: then there is
    /// nothing for their spans to belong to. Neither tracestate nor baggage is ever in it.
    /// </summary>
    public static string? Parent(Activity? attempt) => attempt is { Recorded: true, IdFormat: ActivityIdFormat.W3C } ? $"00-{attempt.TraceId}-{attempt.SpanId}-01" : null;
}
