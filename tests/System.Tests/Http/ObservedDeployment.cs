using Trident.Client;
using Xunit;

namespace Trident.System.Tests.Http;

/// <summary>
/// Three silos with pages and metrics, that send spans and metrics to a collector too: for tests which look at them and change nothing.
/// Each connects a client of its own.
/// </summary>
public sealed class ObservedDeployment : IAsyncLifetime
{
    private HttpDeployment? _deployment;
    private OtlpReceiver? _collector;

    public HttpDeployment Http => _deployment!;

    public TestDeployment Silos => Http.Silos;

    public OtlpReceiver Collector => _collector!;

    /// <summary>How a party's spans and metrics are to come: each way that there is, and the one that is taken when none is named.</summary>
    public static string Way(int party) => party == 1 ? "http" : "grpc";

    public async Task InitializeAsync()
    {
        _collector = await OtlpReceiver.StartAsync();
        _deployment = new HttpDeployment(
            ["--OTEL_BSP_SCHEDULE_DELAY=200", "--OTEL_METRIC_EXPORT_INTERVAL=500"],
            p => p switch
            {
                1 => [$"--Trident:Http:Otlp={_collector.HttpAddress}", "--Trident:Http:OtlpProtocol=http"],
                2 => [$"--Trident:Http:Otlp={_collector.GrpcAddress}", "--Trident:Http:OtlpProtocol=grpc"],
                _ => [$"--Trident:Http:Otlp={_collector.GrpcAddress}"],
            },
            grace: TimeSpan.FromSeconds(10));
        try
        {
            await (await _deployment.StartAsync()).DisposeAsync();
        }
        catch
        {
            // xunit disposes only of what began well.
            await DisposeAsync();
            throw;
        }
    }

    public async Task DisposeAsync()
    {
        if (_deployment is not null)
        {
            await _deployment.DisposeAsync();
        }

        if (_collector is not null)
        {
            await _collector.DisposeAsync();
        }
    }
}

/// <summary>The tests that share it.</summary>
[CollectionDefinition(Name)]
public sealed class ObservedTests : ICollectionFixture<ObservedDeployment>
{
    public const string Name = "observed silos";
}
