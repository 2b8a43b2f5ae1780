using System.Globalization;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Trident.Grains.Exchange;
using Trident.Silo;
using Trident.Silo.Clustering;

try
{
    await using WebApplication host = SiloHost.Build(args);
    await host.Services.GetRequiredService<SiloClustering>().WaitAsync(host.Logger);
    await host.StartAsync();
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
catch (Exception e) when (e is AddressInUseException or SocketException or IOException { InnerException: AddressInUseException })
{
    Console.Error.WriteLine($"trident-silo: a port is taken: {e.Message}");
    return StartException.PortTaken;
}
