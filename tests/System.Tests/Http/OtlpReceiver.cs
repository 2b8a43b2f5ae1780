using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Trident.System.Tests.Http;

/// <summary>A span as a collector was sent it.</summary>
/// <param name="Service">Attribute service.instance.id of the resource.</param>
/// <param name="Name">Name.</param>
/// <param name="Trace">Trace id, in hexadecimal.</param>
/// <param name="Id">Span id.</param>
/// <param name="Parent">Parent's span id; empty for a root.</param>
public sealed record ReceivedSpan(string Service, string Name, string Trace, string Id, string Parent);

/// <summary>A collector that takes OTLP over HTTP as protobuf and keeps what came, on a loopback port of its own.</summary>
public sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;

    private OtlpReceiver(WebApplication app) => _app = app;

    public ConcurrentQueue<ReceivedSpan> Spans { get; } = new();

    /// <summary>Names of the metrics that came, with the instance that sent them.</summary>
    public ConcurrentDictionary<(string Service, string Metric), int> Metrics { get; } = new();

    public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    public static async Task<OtlpReceiver> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        OtlpReceiver receiver = new(app);
        app.MapPost("/v1/traces", (HttpContext c) => ReadAsync(c, receiver.TakeSpans));
        app.MapPost("/v1/metrics", (HttpContext c) => ReadAsync(c, receiver.TakeMetrics));
        await app.StartAsync();
        return receiver;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private static async Task ReadAsync(HttpContext context, Action<byte[]> take)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        take(body.ToArray());
        context.Response.StatusCode = (int)HttpStatusCode.OK;
        context.Response.ContentType = "application/x-protobuf";
    }

    // ExportTraceServiceRequest: resource_spans 1 { resource 1, scope_spans 2 { spans 2 { trace_id 1, span_id 2, parent 4, name 5 } } }.
    private void TakeSpans(byte[] body)
    {
        foreach ((string service, byte[] item) in Items(body))
        {
            Spans.Enqueue(new ReceivedSpan(service, Text(item, 5), Hex(item, 1), Hex(item, 2), Hex(item, 4)));
        }

        static string Hex(byte[] span, int field) => Convert.ToHexStringLower(Fields(span, field).FirstOrDefault() ?? []);
    }

    // ExportMetricsServiceRequest has the same shape; a metric's name is its field 1.
    private void TakeMetrics(byte[] body)
    {
        foreach ((string service, byte[] item) in Items(body))
        {
            Metrics.AddOrUpdate((service, Text(item, 1)), 1, (_, n) => n + 1);
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
    private static IEnumerable<byte[]> Fields(byte[] message, int field)
    {
        for (int at = 0; at < message.Length;)
        {
            ulong key = Varint();
            switch (key & 7)
            {
                case 0:
                    Varint();
                    break;
                case 1:
                    at += 8;
                    break;
                case 5:
                    at += 4;
                    break;
                case 2:
                    int length = checked((int)Varint());
                    byte[] value = message[at..(at + length)];
                    at += length;
                    if (key >> 3 == (ulong)field)
                    {
                        yield return value;
                    }

                    break;
                default:
                    throw new UnreachableException($"no protobuf: wire type {key & 7}");
            }

            ulong Varint()
            {
                ulong result = 0;
                for (int shift = 0; ; shift += 7)
                {
                    byte b = message[at++];
                    result |= (ulong)(b & 0x7f) << shift;
                    if (b < 0x80)
                    {
                        return result;
                    }
                }
            }
        }
    }
}
