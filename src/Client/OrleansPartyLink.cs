using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Serialization;
using Trident.Abstractions;
using Trident.Protocol.Sealing;

namespace Trident.Client;

/// <summary>
/// An Orleans client of one party's gateway. One per party, because a client with three gateways picks one of them per grain:
/// a silo that dies would take the other parties' calls with it.
/// </summary>
internal sealed class OrleansPartyLink(PartyEndpoint endpoint, Guid deployment, GatewayDirectory gateways, TimeSpan deadline) : IPartyLink
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);
    private readonly SemaphoreSlim _gate = new(1, 1);
    private IHost? _host;
    private IClusterClient? _client;
    private bool _disposed;

    private IClusterClient Client => Volatile.Read(ref _client)
        ?? throw new InvalidOperationException($"There is no connection to party {endpoint.Party} at {endpoint.Host}:{endpoint.GatewayPort}.");

    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _client) is not null)
        {
            return;
        }

        await _gate.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_client is not null)
            {
                return;
            }

            IHost host = Build(await gateways.FindAsync(endpoint, cancellationToken));
            try
            {
                await host.StartAsync(cancellationToken);
            }
            catch
            {
                await CloseAsync(host);
                throw;
            }

            _host = host;
            Volatile.Write(ref _client, host.Services.GetRequiredService<IClusterClient>());
        }
        finally
        {
            _gate.Release();
        }
    }

    public async Task DisconnectAsync()
    {
        await _gate.WaitAsync();
        try
        {
            IHost? host = _host;
            _host = null;
            Volatile.Write(ref _client, null);
            if (host is not null)
            {
                await CloseAsync(host);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    public Task<TicketLease> LeaseAsync(Guid tableVersion, int count, string? traceParent, CancellationToken cancellationToken) =>
        Client.GetGrain<ITicketGrain>(PartyKeys.Tickets(endpoint.Party)).LeaseAsync(tableVersion, count, traceParent, cancellationToken).WaitAsync(cancellationToken);

    public Task<QueryAnswer> AnswerAsync(QueryRequest request, CancellationToken cancellationToken) =>
        Client.GetGrain<IQueryGrain>(PartyKeys.Query(endpoint.Party, request.QueryId)).AnswerAsync(request, cancellationToken).WaitAsync(cancellationToken);

    public Task<QueryPart> PartAsync(Guid query, int part, CancellationToken cancellationToken) =>
        Client.GetGrain<IQueryGrain>(PartyKeys.Query(endpoint.Party, query)).PartAsync(part, cancellationToken).WaitAsync(cancellationToken);

    public Task<PutAnswer> PutAsync(PutRequest request, CancellationToken cancellationToken) =>
        Client.GetGrain<ITableGrain>(PartyKeys.Tables(endpoint.Party)).PutAsync(request, cancellationToken).WaitAsync(cancellationToken);

    public Task<PartyStatus> StatusAsync(CancellationToken cancellationToken) =>
        Client.GetGrain<IStatusGrain>(PartyKeys.Status(endpoint.Party)).GetAsync(cancellationToken).WaitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        await DisconnectAsync();
    }

    private static async Task CloseAsync(IHost host)
    {
        try
        {
            // A gateway that is gone cannot take a goodbye.
            using CancellationTokenSource limit = new(TimeSpan.FromSeconds(1));
            await host.StopAsync(limit.Token);
        }
        catch (Exception)
        {
            // It is thrown away either way.
        }

        try
        {
            await ((IAsyncDisposable)host).DisposeAsync();
        }
        catch (Exception)
        {
            // As above.
        }
    }

    private IHost Build(IPEndPoint[] addresses) => new HostBuilder()
        .UseOrleansClient(client =>
        {
            client.UseStaticClustering(addresses);
            client.Configure<ClusterOptions>(o =>
            {
                o.ClusterId = PartiesDescriptor.ClusterIdOf(deployment);
                o.ServiceId = "trident";
            });
            client.Configure<ClientMessagingOptions>(o => o.ResponseTimeout = deadline + TimeSpan.FromSeconds(2));
            client.Configure<GatewayOptions>(o => o.GatewayListRefreshPeriod = TimeSpan.FromSeconds(5));
            client.AddOutgoingGrainCallFilter<NothingOfTheCaller>();
            client.UseConnectionRetryFilter(static async (_, ct) =>
            {
                await Task.Delay(RetryDelay, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return !ct.IsCancellationRequested;
            });
        })
        .ConfigureServices(services =>
        {
            // Named, because a program that loads this library late has no list of its assemblies.
            services.AddSerializer(s => s.AddAssembly(typeof(IQueryGrain).Assembly));
            services.AddSingleton<IHostLifetime, LibraryLifetime>();
        })
        .Build();

    /// <summary>Signals belong to the application that uses this library, not to a host inside it.</summary>
    private sealed class LibraryLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
