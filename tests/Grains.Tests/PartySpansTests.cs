using System.Diagnostics;
using Trident.Abstractions;
using Trident.Grains.Telemetry;
using Xunit;

namespace Trident.Grains.Tests;

/// <summary>What a party makes of the trace that a client sends.</summary>
public sealed class PartySpansTests
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c", Span = "b7ad6b7169203331";

    [Fact]
    public void A_span_stands_below_the_clients()
    {
        using ActivityListener listener = Listen();
        using Activity span = PartySpans.Start("trident.lease", $"00-{Trace}-{Span}-01", 2)!;
        Assert.Equal((Trace, Span, true), (span.TraceId.ToString(), span.ParentSpanId.ToString(), span.HasRemoteParent));
        Assert.Equal((ActivityKind.Server, 2), (span.Kind, span.GetTagItem("trident.party")));
        Assert.Empty(span.Baggage);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("alice")]
    [InlineData($"00-{Trace}-{Span}")]
    [InlineData($"00-00000000000000000000000000000000-{Span}-01")]
    public void What_is_no_traceparent_is_nobodys(string? sent)
    {
        using ActivityListener listener = Listen();
        using Activity span = PartySpans.Start("trident.lease", sent, 2)!;
        Assert.Null(span.ParentId);
        Assert.NotEqual(Trace, span.TraceId.ToString());
    }

    private static ActivityListener Listen()
    {
        ActivityListener listener = new() { ShouldListenTo = s => s.Name == TridentTelemetry.Name, Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
