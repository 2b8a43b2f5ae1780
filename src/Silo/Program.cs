using System.Globalization;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Trident.Grains.Exchange;
using Trident.Silo;
using Trident.Silo.Clustering;

using StopRequest stop = new();
try
{
    await using WebApplication host = await SiloHost.BuildAsync(args, stop);
    await host.Services.GetRequiredService<SiloClustering>().WaitAsync(host.Logger, stop.Token);
    try
    {
        await host.StartAsync(stop.Token);
    }
    catch (Exception) when (IsToldToStop(host))
    {
        // Whatever the start broke off with: it was to break off.
        await SiloHost.GiveUpAsync(host);
        Environment.Exit(0);
    }

    int party = host.Services.GetRequiredService<PeerLinks>().Party;
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"silo ready party {party}"));
    await SiloHost.WaitForShutdownAsync(host);
    return 0;
}
catch (StartException e)
{
    Console.Error.WriteLine($"trident-silo: {e.Message}");
    return e.ExitCode;
}
catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
{
    return 0;
}
catch (Exception e) when (e is AddressInUseException or SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } or IOException { InnerException: AddressInUseException })
{
    Console.Error.WriteLine($"trident-silo: a port is taken: {e.Message}");
    return StartException.PortTaken;
}

// The host listens to the signals as well, and may hear them first.
bool IsToldToStop(WebApplication host) => stop.Token.IsCancellationRequested || host.Lifetime.ApplicationStopping.IsCancellationRequested;
