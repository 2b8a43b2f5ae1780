using System.Net;
using System.Net.Sockets;

namespace Trident.Console.Deployments;

/// <summary>Finds ports for what lives for one command or one test.</summary>
internal static class FreePorts
{
    // Below the range that systems take ports of outgoing connections from: the silos' own sockets cannot get in the way.
    private const int Lowest = 15_000;
    private const int Highest = 30_000;
    private const int Tries = 200;

    // What was found and not yet opened is free to look at, and is not found twice.
    private static readonly HashSet<int> Given = [];

    /// <summary>A base port whose nine ports (see <see cref="DeploymentWriter.Write"/>) are free on the loopback now.</summary>
    /// <exception cref="ConsoleException">None was found.</exception>
    public static int FindBase() => Find([.. Enumerable.Range(1, 3).SelectMany(p => Enumerable.Range(p * 10, 3))]);

    /// <summary>So many ports, one after another, that are free on the loopback now.</summary>
    /// <exception cref="ConsoleException">They were not found.</exception>
    public static int[] FindRow(int count)
    {
        int first = Find([.. Enumerable.Range(0, count)]);
        return [.. Enumerable.Range(first, count)];
    }

    private static int Find(int[] offsets)
    {
        lock (Given)
        {
            for (int i = 0; i < Tries; i++)
            {
                int candidate = Random.Shared.Next(Lowest, Highest);
                int[] ports = [.. offsets.Select(o => candidate + o)];
                if (!ports.Any(Given.Contains) && ports.All(IsFree))
                {
                    Given.UnionWith(ports);
                    return candidate;
                }
            }
        }

        throw new ConsoleException($"No {offsets.Length} free ports were found between {Lowest} and {Highest} on this machine.");
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
