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

/// <summary>What reaches a collector from a client and three real silos.</summary>
public sealed class TraceTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_fetch_is_one_trace_of_client_and_three_parties_and_not_the_applications()
    {
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        await using TestDeployment deployment = new()
        {
            Grace = TimeSpan.FromSeconds(10),
            SiloArguments = ["--OTEL_BSP_SCHEDULE_DELAY=200", "--OTEL_METRIC_EXPORT_INTERVAL=500"],
            // Each way that there is, and the one that is taken when none is named.
            PartyArguments = p => p switch
            {
                1 => [$"--Trident:Http:Otlp={collector.HttpAddress}", "--Trident:Http:OtlpProtocol=http"],
                2 => [$"--Trident:Http:Otlp={collector.GrpcAddress}", "--Trident:Http:OtlpProtocol=grpc"],
                _ => [$"--Trident:Http:Otlp={collector.GrpcAddress}"],
            },
        };
        output.WriteLine($"seed {deployment.Seed}");
        using TracerProvider exporter = Sdk.CreateTracerProviderBuilder()
            .ConfigureResource(r => r.AddService("application", serviceInstanceId: "client", autoGenerateServiceInstanceId: false))
            .AddSource(TridentTelemetry.Name, "application")
            .AddOtlpExporter(o => (o.Protocol, o.Endpoint) = (OtlpExportProtocol.Grpc, new Uri(collector.GrpcAddress)))
            .Build();
        await deployment.StartAsync();
        await using TridentClient client = await deployment.ConnectAsync();
        Readiness readiness = await client.WaitReadyAsync(TimeSpan.FromSeconds(60));
        Assert.True(readiness.IsReady, readiness.Reason);

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
        string[] expected = ["trident.query", "trident.select", "trident.mask", "trident.exchange", "trident.answer"];
        await HttpDeployment.UntilAsync(() => Task.FromResult(string.Join("\n", collector.Spans)),
            _ => Enumerable.Range(1, 3).All(p => expected.All(name => collector.Spans.Any(s => s.Service == $"party-{p}" && s.Name == name)))
                && collector.Spans.Any(s => s.Service.StartsWith("party-", StringComparison.Ordinal) && s.Name == "trident.lease"));

        ReceivedSpan[] spans = [.. collector.Spans];
        ReceivedSpan fetch = Assert.Single(spans, s => s.Name == "trident.fetch");
        ReceivedSpan attempt = Assert.Single(spans, s => s.Name == "trident.attempt");
        Assert.Equal(("client", "", fetch.Id), (fetch.Service, fetch.Parent, attempt.Parent));
        Assert.NotEqual(users, fetch.Trace);
        foreach (int party in Enumerable.Range(1, 3))
        {
            ReceivedSpan[] own = [.. spans.Where(s => s.Service == $"party-{party}" && s.Name != "trident.lease")];
            Assert.Equal(expected.Order(), own.Select(s => s.Name).Order());
            ReceivedSpan query = own.Single(s => s.Name == "trident.query");
            Assert.Equal(attempt.Id, query.Parent);
            Assert.All(own, s => Assert.Equal((fetch.Trace, Way(party)), (s.Trace, s.Protocol)));
            Assert.All(own.Except([query]), s => Assert.Equal(query.Id, s.Parent));
        }

        // The fetch was the first, so it waited for a lease: of one party, whose span is below the client's.
        ReceivedSpan waiting = Assert.Single(spans, s => s.Name == "trident.tickets");
        ReceivedSpan lease = Assert.Single(spans, s => s.Name == "trident.lease" && s.Service == "client");
        ReceivedSpan given = Assert.Single(spans, s => s.Name == "trident.lease" && s.Service != "client");
        Assert.Equal((fetch.Id, waiting.Id, lease.Id), (waiting.Parent, lease.Parent, given.Parent));
        Assert.All([waiting, lease, given], s => Assert.Equal(fetch.Trace, s.Trace));

        // The metrics come by the same way.
        await HttpDeployment.UntilAsync(() => Task.FromResult(string.Join("\n", collector.Metrics.Keys)),
            _ => Enumerable.Range(1, 3).All(p => ((string[])["trident.queries", "trident.query.duration", "trident.stock.items", "trident.peer.up"])
                .All(m => collector.Metrics.ContainsKey((Way(p), $"party-{p}", m)))));

        static string Way(int party) => party == 1 ? "http" : "grpc";
    }
}
