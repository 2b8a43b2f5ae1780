#:project ../src/Grains/Trident.Grains.csproj
#:package OpenTelemetry.Exporter.OpenTelemetryProtocol

// What a party's instruments cost a query (docs/observability.md): the measurements and spans that one query makes at one party, and
// nothing else, in turn with nobody listening, with metrics that are collected, and with spans that are made, put into OTLP messages
// and thrown away. Processor time of the process, so that what is done on other threads counts. Usage: dotnet run -c Release bench/instruments.cs
using System.Diagnostics;
using System.Net;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Trident.Abstractions;
using Trident.Grains.Telemetry;
using Trident.Protocol.Wire;

const int Rounds = 15, Queries = 20_000;
string[] ways = ["off", "metrics", "spans"];
List<double>[] taken = [[], [], []];
for (int round = -1; round < Rounds; round++)
{
    for (int turn = 0; turn < 3; turn++)
    {
        int way = (round + 1 + turn) % 3;
        double microseconds = Measure(ways[way]);
        if (round >= 0)
        {
            taken[way].Add(microseconds);
        }
    }
}

for (int way = 0; way < 3; way++)
{
    taken[way].Sort();
    Console.WriteLine(FormattableString.Invariant($"{ways[way]}: {taken[way][Rounds / 2]:0.00} us a query at a party ({taken[way][0]:0.00} to {taken[way][^1]:0.00})"));
}

static double Measure(string way)
{
    using MeterProvider? metrics = way == "metrics"
        ? Sdk.CreateMeterProviderBuilder().AddMeter(TridentTelemetry.Name).AddReader(new PeriodicExportingMetricReader(new Nowhere(), 1000)).Build()
        : null;
    using TracerProvider? spans = way == "spans"
        ? Sdk.CreateTracerProviderBuilder().AddSource(TridentTelemetry.Name).AddOtlpExporter(o =>
        {
            o.Protocol = OtlpExportProtocol.HttpProtobuf;
            o.HttpClientFactory = () => new HttpClient(new Taken());
            // Room for all, as none is to be dropped: that would be cheaper.
            o.BatchExportProcessorOptions.MaxQueueSize = Queries * 8;
        }).Build()
        : null;
    QueryAnswer answer = new([], true, new PhaseTimes(1, 2, 3, 4), 0, 0, null);
    TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
    for (int i = 0; i < Queries; i++)
    {
        using Activity? query = PartySpans.Start("trident.query", null, 1)?.SetTag("trident.rows", 1);
        foreach (string phase in (string[])["trident.select", "trident.mask", "trident.exchange", "trident.answer"])
        {
            using Activity? part = TridentTelemetry.Source.StartActivity(phase);
        }

        PartyInstruments.Exchange(2, FrameKind.EShare, AckReason.Ok, Stopwatch.GetTimestamp());
        PartyInstruments.Exchange(3, FrameKind.EShare, AckReason.Ok, Stopwatch.GetTimestamp());
        PartyInstruments.Query(answer, TimeSpan.FromMilliseconds(10));
        query?.SetTag("trident.outcome", PartyInstruments.OutcomeOf(answer)).SetStatus(ActivityStatusCode.Ok);
    }

    spans?.ForceFlush();
    metrics?.ForceFlush();
    return (Process.GetCurrentProcess().TotalProcessorTime - before).TotalMicroseconds / Queries;
}

internal sealed class Nowhere : BaseExporter<Metric>
{
    public override ExportResult Export(in Batch<Metric> batch) => ExportResult.Success;
}

internal sealed class Taken : HttpMessageHandler
{
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) => new(HttpStatusCode.OK);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        Task.FromResult(Send(request, cancellationToken));
}
