using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Trident.Abstractions;
using Trident.Grains.Placement;
using Trident.Grains.Telemetry;

namespace Trident.Silo.Http;

/// <summary>Metrics and spans of a party, by OpenTelemetry. Without HTTP and without a collector nothing of it is set up.</summary>
internal static class Observing
{
    private const string OtlpVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string PartyAttribute = "trident.party";

    public static void Add(WebApplicationBuilder builder, HttpSettings settings, int party)
    {
        bool otlp = !string.IsNullOrWhiteSpace(settings.Otlp) || !string.IsNullOrEmpty(builder.Configuration[OtlpVariable]);
        if (settings.Port == 0 && !otlp)
        {
            return;
        }

        builder.Services.AddSingleton<PartyObservables>();
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(r => r.AddService("trident", serviceInstanceId: SiloNames.Of(party), autoGenerateServiceInstanceId: false)
                .AddAttributes([new(PartyAttribute, party)]))
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(TridentTelemetry.Name, "Microsoft.Orleans", "System.Runtime");
                if (settings.Port != 0)
                {
                    metrics.AddPrometheusExporter(o => o.ResourceConstantLabels = static key => key == PartyAttribute);
                }

                if (otlp)
                {
                    metrics.AddOtlpExporter(o => Configure(o, "v1/metrics"));
                }
            });
        if (otlp)
        {
            telemetry.WithTracing(traces => traces
                .AddSource(TridentTelemetry.Name)
                .AddOtlpExporter(o => Configure(o, "v1/traces")));
        }

        void Configure(OtlpExporterOptions options, string path)
        {
            if (settings.Otlp is { } address && !string.IsNullOrWhiteSpace(address))
            {
                bool http = settings.OtlpProtocol == "http";
                options.Protocol = http ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
                options.Endpoint = http ? new Uri(address.TrimEnd('/') + "/" + path) : new Uri(address);
            }
        }
    }
}
