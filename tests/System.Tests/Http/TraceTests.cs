using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Trident.Abstractions;
using Trident.Client;
using Xunit;
using Xunit.Abstractions;

namespace Trident.System.Tests.Http;

/// <summary>What reaches a collector from a client and three real silos. They may have answered others before.</summary>
[Collection(ObservedTests.Name)]
public sealed class TraceTests(ObservedDeployment observed, ITestOutputHelper output)
{
    [Fact]
    public async Task A_fetch_is_one_trace_of_client_and_three_parties_and_not_the_applications()
    {
        TestDeployment deployment = observed.Silos;
        OtlpReceiver collector = observed.Collector;
        output.WriteLine($"seed {deployment.Seed}");
        using TracerProvider exporter = Sdk.CreateTracerProviderBuilder()
            .ConfigureResource(r => r.AddService("application", serviceInstanceId: "client", autoGenerateServiceInstanceId: false))
            .AddSource(TridentTelemetry.Name, "application")
            .AddOtlpExporter(o => (o.Protocol, o.Endpoint) = (OtlpExportProtocol.Grpc, new Uri(collector.GrpcAddress)))
            .Build();
        await using TridentClient client = await deployment.ConnectAsync();

        using ActivitySource application = new("application");
        string users;
        using (Activity user = application.StartActivity("a user's request")!)
        {
            user.AddBaggage("user", "alice");
            users = user.TraceId.ToString();
            FetchResult result = await client.FetchAsync("vectors", 7);
            Assert.Equal(deployment.Plain[7], result.Records[0]);
            Assert.True(result.Verified);
        }

        exporter.ForceFlush();
        await Until.SoAsync(() => Task.FromResult(string.Join("\n", collector.Spans)), _ =>
            collector.Spans.Any(s => s.Trace == users) && ((string[])["trident.fetch", "trident.tickets", "trident.attempt"]).All(n => collector.Spans.Any(s => s.Name == n)));
        string trace = Assert.Single(collector.Spans, s => s.Name == "trident.fetch").Trace;
        string[] expected = ["trident.query", "trident.select", "trident.mask", "trident.exchange", "trident.answer"];
        await Until.SoAsync(() => Task.FromResult(string.Join("\n", collector.Spans)),
            _ => Enumerable.Range(1, 3).All(p => expected.All(name => collector.Spans.Any(s => s.Trace == trace && s.Service == $"party-{p}" && s.Name == name)))
                && Leases(trace).Any());

        // Nothing is in the application's trace but its own span.
        Assert.NotEqual(users, trace);
        Assert.Equal("a user's request", Assert.Single(collector.Spans, s => s.Trace == users).Name);

        ReceivedSpan[] spans = [.. collector.Spans.Where(s => s.Trace == trace)];
        ReceivedSpan fetch = Assert.Single(spans, s => s.Name == "trident.fetch");
        ReceivedSpan attempt = Assert.Single(spans, s => s.Name == "trident.attempt");
        Assert.Equal(("client", "", fetch.Id), (fetch.Service, fetch.Parent, attempt.Parent));
        foreach (int party in Enumerable.Range(1, 3))
        {
            ReceivedSpan[] own = [.. spans.Where(s => s.Service == $"party-{party}" && s.Name != "trident.lease")];
            Assert.Equal(expected.Order(), own.Select(s => s.Name).Order());
            ReceivedSpan query = own.Single(s => s.Name == "trident.query");
            Assert.Equal(attempt.Id, query.Parent);
            Assert.All(own, s => Assert.Equal(ObservedDeployment.Way(party), s.Protocol));
            Assert.All(own.Except([query]), s => Assert.Equal(query.Id, s.Parent));
        }

        // The fetch was the first, so it waited for a lease: of one party, or of more where the first was slow. The party's span is below the client's.
        ReceivedSpan waiting = Assert.Single(spans, s => s.Name == "trident.tickets");
        Assert.Equal(fetch.Id, waiting.Parent);
        Assert.All(spans.Where(s => s.Name == "trident.lease" && s.Service == "client"), s => Assert.Equal(waiting.Id, s.Parent));
        Assert.NotEmpty(Leases(trace));

        // The metrics come by the same way.
        await Until.SoAsync(() => Task.FromResult(string.Join("\n", collector.Metrics.Keys)),
            _ => Enumerable.Range(1, 3).All(p => ((string[])["trident.queries", "trident.query.duration", "trident.stock.items", "trident.peer.up"])
                .All(m => collector.Metrics.ContainsKey((ObservedDeployment.Way(p), $"party-{p}", m)))));

        // Pairs of a client's lease and the party's below it.
        IEnumerable<(ReceivedSpan Client, ReceivedSpan Party)> Leases(string of) => collector.Spans.Where(s => s.Trace == of && s.Name == "trident.lease" && s.Service == "client")
            .SelectMany(c => collector.Spans.Where(s => s.Parent == c.Id && s.Name == "trident.lease" && s.Service != "client").Select(p => (c, p)));
    }
}
