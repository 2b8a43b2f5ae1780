using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Trident.Silo;

/// <summary>The addresses behind the hosts of <c>parties.json</c>, as the cluster's membership is to name them.</summary>
/// <param name="listen">Where this silo listens: an address of another family would be advertised in vain.</param>
/// <param name="patience">How long a name that has no address is asked for again; at boot a network may be up before its names are.</param>
/// <param name="lookUp">Asks for a name's addresses; throws <see cref="SocketException"/>. The system's resolver unless given.</param>
public sealed class HostAddress(IPAddress listen, TimeSpan patience, Func<string, CancellationToken, Task<IPAddress[]>>? lookUp = null)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _lookUp = lookUp ?? Dns.GetHostAddressesAsync;

    /// <summary>The address of a host. What is written as an address is taken as it stands.</summary>
    /// <exception cref="StartException">It has none in time, or none that the other machines could reach.</exception>
    public async Task<IPAddress> OfAsync(string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out IPAddress? literal))
        {
            return literal;
        }

        IPAddress[] all = await LookUpAsync(host, cancellationToken);
        IPAddress[] fitting = [.. all.Where(a => a.AddressFamily == listen.AddressFamily)];
        if (fitting.Length == 0)
        {
            throw new StartException(StartException.BadConfiguration,
                $"The host '{host}' of parties.json has {string.Join(", ", (IEnumerable<IPAddress>)all)}, and this silo listens on {listen}, an address of the other family; give --listen an address of the same.");
        }

        // Debian's /etc/hosts gives a machine's own name 127.0.1.1: the others would look for this silo on themselves.
        return IPAddress.IsLoopback(listen) || host == "localhost" ? fitting[0] : fitting.FirstOrDefault(a => !IPAddress.IsLoopback(a))
            ?? throw new StartException(StartException.BadConfiguration,
                $"The host '{host}' of parties.json is {fitting[0]} on this machine, where no other machine reaches it, and this silo listens on {listen}; "
                + "take the name out of that line of /etc/hosts, or write the address itself in parties.json.");
    }

    private async Task<IPAddress[]> LookUpAsync(string host, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                IPAddress[] found = await _lookUp(host, cancellationToken);
                return found.Length > 0 ? found : throw new SocketException((int)SocketError.NoData);
            }
            catch (SocketException e)
            {
                if (Stopwatch.GetElapsedTime(began) + RetryDelay >= patience)
                {
                    throw new StartException(StartException.HostUnknown,
                        $"The host '{host}' of parties.json has no address: {e.Message}. It was asked for {patience.TotalSeconds:0} s (Trident:ResolveWait); check the name and this machine's DNS.", e);
                }

                await Task.Delay(RetryDelay, cancellationToken);
            }
        }
    }
}
