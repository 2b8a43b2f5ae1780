using System.Net;
using System.Net.Sockets;

namespace Trident.Console.Deployments;

/// <summary>Finds ports for a deployment that lives for one command.</summary>
internal static class FreePorts
{
    // Below the range that systems take ports of outgoing connections from: the silos' own sockets cannot get in the way.
    private const int Lowest = 15_000;
    private const int Highest = 30_000;
    private const int Tries = 200;

    /// <summary>A base port whose nine ports (see <see cref="DeploymentWriter.Write"/>) are free on the loopback now.</summary>
    /// <exception cref="ConsoleException">None was found.</exception>
    public static int FindBase()
    {
        for (int i = 0; i < Tries; i++)
        {
            int candidate = Random.Shared.Next(Lowest, Highest);
            if (Enumerable.Range(1, 3).SelectMany(p => Enumerable.Range(candidate + p * 10, 3)).All(IsFree))
            {
                return candidate;
            }
        }

        throw new ConsoleException($"No nine free ports were found between {Lowest} and {Highest} on this machine.");
    }

    private static bool IsFree(int port)
    {
        using TcpListener listener = new(IPAddress.Loopback, port) { ExclusiveAddressUse = true };
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
