using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Orleans.Configuration;
using Orleans.Runtime.Hosting;
using Trident.Grains.Exchange;
using Trident.Grains.Exchange.Laboratory;
using Trident.Grains.Exchange.Transports;
using Trident.Grains.Placement;
using Trident.Grains.Queries;
using Trident.Grains.Stock;
using Trident.Grains.Tables;
using Trident.Protocol.Sealing;
using Trident.Protocol.Sharing;
using Trident.Protocol.Wire;
using Trident.Silo.Clustering;
using Trident.Silo.Http;

namespace Trident.Silo;

/// <summary>Puts the silo together.</summary>
public static class SiloHost
{
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SignOffTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Builds the host of one party.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="stop">Gives up, and stops the host once it runs.</param>
    /// <exception cref="StartException">Something that it needs is missing or does not fit.</exception>
    public static async Task<WebApplication> BuildAsync(string[] args, StopRequest stop)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        SiloSettings settings = SettingsReader.Read(builder.Configuration, args);
        if (settings.StopAtEndOfInput)
        {
            stop.HeedInput();
        }

        if (!IPAddress.TryParse(settings.Listen, out IPAddress? listen))
        {
            throw new StartException(StartException.BadConfiguration, $"'{settings.Listen}' is no address to listen on; give --listen an IP address.");
        }

        AccessToken? token = settings.Http.Check(out IPAddress httpListen);
        SiloClustering clustering = SiloClustering.Of(settings);
        PartyFiles files = PartyFiles.Load(settings);
        PartyEndpoint endpoint = files.Parties[settings.Party];
        PartyFiles.CheckPorts(endpoint, listen);
        PartyFiles.CheckHttpPort(settings.Http.Port, httpListen, settings.Party);
        HostAddress addresses = new(listen, settings.ResolveWait);
        IPAddress advertised = await addresses.OfAsync(endpoint.Host, stop.Token);
        PartyEndpoint first = files.Parties[1];
        IPEndPoint? primary = clustering.NeedsFirst ? new IPEndPoint(await addresses.OfAsync(first.Host, stop.Token), first.SiloPort) : null;

        builder.Logging.ClearProviders().AddSimpleConsole(o =>
        {
            o.SingleLine = true;
            o.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            o.UseUtcTimestamp = true;
        });
        builder.Logging.AddFilter("Orleans", LogLevel.Warning).AddFilter("Microsoft", LogLevel.Warning).AddFilter("Polly", LogLevel.Warning);
        AddParty(builder.Services, settings, files);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = ShutdownTimeout);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxConcurrentConnections = settings.Exchange.MaxConnections;
            kestrel.Listen(listen, endpoint.ExchangePort, o => o.UseConnectionHandler<ExchangeConnectionHandler>());
        });
        builder.Services.AddSingleton(clustering);
        builder.Host.UseOrleans(silo => AddOrleans(silo, settings, files, listen, advertised, clustering, primary));
        PartyHttp.Add(builder, settings.Http, httpListen, token, settings.Party);
        WebApplication host = builder.Build();
        PartyHttp.Map(host, settings.Http, token, settings.Party);
        stop.Token.Register(host.Lifetime.StopApplication);
        return host;
    }

    /// <summary>
    /// Waits until the silo is told to stop and has stopped. Orleans tries for minutes to sign off in a database that is away,
    /// whatever time it is given: then the process ends without, and its peers or its next start declare it dead.
    /// </summary>
    public static async Task WaitForShutdownAsync(WebApplication host)
    {
        TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration registration = host.Lifetime.ApplicationStopping.Register(() => told.TrySetResult());
        Task stopped = host.WaitForShutdownAsync();
        await Task.WhenAny(stopped, told.Task);
        if (await Task.WhenAny(stopped, Task.Delay(ShutdownTimeout + SignOffTimeout)) != stopped)
        {
            Console.Error.WriteLine("trident-silo: the silo could not sign off from its cluster, and ends without");
            Environment.Exit(0);
        }

        await stopped;
    }

    /// <summary>
    /// Stops a host that was told to before it had started, within the same bound: what a start cut short left behind may not stop at all.
    /// Its peers or its next start declare dead what it had entered in the membership.
    /// </summary>
    public static async Task GiveUpAsync(WebApplication host)
    {
        Task stopped = host.StopAsync();
        if (await Task.WhenAny(stopped, Task.Delay(ShutdownTimeout + SignOffTimeout)) == stopped)
        {
            await stopped.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static void AddParty(IServiceCollection services, SiloSettings settings, PartyFiles files)
    {
        services.AddSingleton(settings.Exchange);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(files.Tables);
        services.AddSingleton(files.Keys);
        services.AddSingleton(files.Owner);
        services.AddSingleton(new PeerLinks(settings.Party, files.Parties));
        services.AddSingleton(new PartySeal(files.Identity));
        services.AddSingleton(new Prss(files.Keys));
        services.AddSingleton(new LinkSession(settings.Party, files.Keys, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()));
        services.AddSingleton(settings.Laboratory);
        services.AddSingleton<LaboratoryLinks>();
        services.AddSingleton<PeerConnector>();
        services.AddSingleton(s => TransportNames.Create(settings.Exchange, s.GetRequiredService<PeerConnector>(), s.GetRequiredService<LinkSession>()));
        services.AddSingleton<FrameSender>();
        services.AddSingleton<FrameReceiver>();
        services.AddSingleton<Mailbox>();
        services.AddSingleton<OutboundFrames>();
        services.AddSingleton<PartyCounters>();
        services.AddSingleton<WaitingAnswers>();
        services.AddSingleton<QueryRunner>();
        services.AddSingleton<ExchangeConnectionHandler>();
        services.AddWhenListening<Heartbeat>();
        services.AddWhenListening<StockKeeper>();
        services.AddWhenListening<TableKeeper>();
    }

    private static void AddOrleans(ISiloBuilder silo, SiloSettings settings, PartyFiles files, IPAddress listen, IPAddress advertised, SiloClustering clustering, IPEndPoint? primary)
    {
        PartyEndpoint endpoint = files.Parties[settings.Party];
        clustering.AddTo(silo, primary);
        silo.Configure<ClusterOptions>(o =>
        {
            o.ClusterId = PartiesDescriptor.ClusterIdOf(files.Parties.Deployment);
            o.ServiceId = "trident";
        });
        silo.Configure<SiloOptions>(o => o.SiloName = SiloNames.Of(settings.Party));
        silo.Configure<EndpointOptions>(o =>
        {
            o.AdvertisedIPAddress = advertised;
            o.SiloPort = endpoint.SiloPort;
            o.GatewayPort = endpoint.GatewayPort;
            o.SiloListeningEndpoint = new IPEndPoint(listen, endpoint.SiloPort);
            o.GatewayListeningEndpoint = new IPEndPoint(listen, endpoint.GatewayPort);
        });
        silo.Configure<ClusterMembershipOptions>(o =>
        {
            o.ProbeTimeout = TimeSpan.FromSeconds(1);
            o.NumMissedProbesLimit = 2;
            o.TableRefreshTimeout = TimeSpan.FromSeconds(5);
            o.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
        });
        silo.Configure<GrainCollectionOptions>(o => o.CollectionAge = TimeSpan.FromMinutes(2));
        silo.AddGrainDirectory(PartyGrainDirectory.Name, static (_, _) => new PartyGrainDirectory());
        silo.AddPlacementDirector<PartyPlacement, PartyPlacementDirector>();
        PartyHttp.AddDashboard(silo, settings.Http);
    }
}
