using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Trident.System.Tests.Http;

/// <summary>A span as a collector was sent it.</summary>
/// <param name="Protocol">How it came: <c>http</c> or <c>grpc</c>.</param>
/// <param name="Service">Attribute service.instance.id of the resource.</param>
/// <param name="Name">Name.</param>
/// <param name="Trace">Trace id, in hexadecimal.</param>
/// <param name="Id">Span id.</param>
/// <param name="Parent">Parent's span id; empty for a root.</param>
public sealed record ReceivedSpan(string Protocol, string Service, string Name, string Trace, string Id, string Parent);

/// <summary>A collector that takes OTLP and keeps what came, on loopback ports of its own: over HTTP as protobuf, and over gRPC.</summary>
public sealed class OtlpReceiver : IAsyncDisposable
{
    // No package has the messages, so both ways hand over bytes.
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create<byte[]>(static b => b, static b => b);

    private readonly WebApplication _app;

    private OtlpReceiver(WebApplication app) => _app = app;

    public ConcurrentQueue<ReceivedSpan> Spans { get; } = new();

    /// <summary>Names of the metrics that came, with the instance that sent them and how.</summary>
    public ConcurrentDictionary<(string Protocol, string Service, string Metric), int> Metrics { get; } = new();

    public string HttpAddress => Addresses.First();

    /// <summary>Where gRPC is spoken: HTTP/2 without TLS, and nothing else.</summary>
    public string GrpcAddress => Addresses.Last();

    private ICollection<string> Addresses => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;

    public static async Task<OtlpReceiver> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, o => o.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, 0, o => o.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddGrpc();
        WebApplication app = builder.Build();
        OtlpReceiver receiver = new(app);
        app.MapPost("/v1/traces", (HttpContext c) => ReadAsync(c, receiver.TakeSpans));
        app.MapPost("/v1/metrics", (HttpContext c) => ReadAsync(c, receiver.TakeMetrics));
        app.MapGrpcService(_ => Service("opentelemetry.proto.collector.trace.v1.TraceService", receiver.TakeSpans));
        app.MapGrpcService(_ => Service("opentelemetry.proto.collector.metrics.v1.MetricsService", receiver.TakeMetrics));
        await app.StartAsync();
        return receiver;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private static async Task ReadAsync(HttpContext context, Action<string, byte[]> take)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        take("http", body.ToArray());
        context.Response.StatusCode = (int)HttpStatusCode.OK;
        context.Response.ContentType = "application/x-protobuf";
    }

    // An answer of no bytes is a message without fields: everything was taken.
    private static ServerServiceDefinition Service(string name, Action<string, byte[]> take) => ServerServiceDefinition.CreateBuilder()
        .AddMethod(new Method<byte[], byte[]>(MethodType.Unary, name, "Export", Bytes, Bytes), (request, _) =>
        {
            take("grpc", request);
            return Task.FromResult<byte[]>([]);
        })
        .Build();

    // ExportTraceServiceRequest: resource_spans 1 { resource 1, scope_spans 2 { spans 2 { trace_id 1, span_id 2, parent 4, name 5 } } }.
    private void TakeSpans(string protocol, byte[] body)
    {
        foreach ((string service, byte[] item) in Items(body))
        {
            Spans.Enqueue(new ReceivedSpan(protocol, service, Text(item, 5), Hex(item, 1), Hex(item, 2), Hex(item, 4)));
        }

        static string Hex(byte[] span, int field) => Convert.ToHexStringLower(Fields(span, field).FirstOrDefault() ?? []);
    }

    // ExportMetricsServiceRequest has the same shape; a metric's name is its field 1.
    private void TakeMetrics(string protocol, byte[] body)
    {
        foreach ((string service, byte[] item) in Items(body))
        {
            Metrics.AddOrUpdate((protocol, service, Text(item, 1)), 1, (_, n) => n + 1);
        }
    }

    private static IEnumerable<(string Service, byte[] Item)> Items(byte[] body) =>
        from resource in Fields(body, 1)
        let service = Fields(resource, 1).SelectMany(r => Fields(r, 1)).Where(a => Text(a, 1) == "service.instance.id").Select(a => Text(Fields(a, 2).Single(), 1)).Single()
        from scope in Fields(resource, 2)
        from item in Fields(scope, 2)
        select (service, item);

    private static string Text(byte[] message, int field) => Encoding.UTF8.GetString(Fields(message, field).FirstOrDefault() ?? []);

    /// <summary>The length-delimited fields of a protobuf message with this number.</summary>
    private static List<byte[]> Fields(byte[] message, int field)
    {
        List<byte[]> values = [];
        using CodedInputStream input = new(message);
        for (uint tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            if (tag == WireFormat.MakeTag(field, WireFormat.WireType.LengthDelimited))
            {
                values.Add(input.ReadBytes().ToByteArray());
            }
            else
            {
                input.SkipLastField();
            }
        }

        return values;
    }
}
