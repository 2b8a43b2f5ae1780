using Trident.Client;
using Trident.Console.Deployments;
using Trident.Protocol.Tables;

namespace Trident.Console.Silos;

/// <summary>The three silos of a deployment on this machine.</summary>
internal sealed class LocalSilos : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan HeadStart = TimeSpan.FromSeconds(10);
    private readonly List<SiloProcess> _silos = [];

    private LocalSilos()
    {
    }

    /// <summary>The processes, by party.</summary>
    public IReadOnlyList<SiloProcess> Silos => _silos;

    /// <summary>Starts the three and waits until each says that it serves. When one fails, all are stopped.</summary>
    /// <param name="deployment">The deployment's directory.</param>
    /// <param name="settings">More arguments for every silo.</param>
    /// <param name="clustering">How they find one another.</param>
    /// <param name="progress">Takes how many serve, and three.</param>
    /// <param name="stop">Gives up.</param>
    /// <param name="http">Their HTTP endpoints; null for none.</param>
    /// <exception cref="ConsoleException">One did not start; the message holds what it said, the exit code is its own.</exception>
    public static async Task<LocalSilos> StartAsync(string deployment, IReadOnlyList<string> settings, ClusterChoice clustering, Action<long, long>? progress, CancellationToken stop,
        HttpOfSilos? http = null)
    {
        string program = SiloBinary.Find();
        LocalSilos silos = new();
        int serving = 0;
        try
        {
            Task first = silos.Begin(program, deployment, 1, settings, clustering, http, stop);
            if (clustering.PartyOneFirst)
            {
                // The others join the cluster through party 1, and ask again only every few seconds when it is not there yet.
                await Task.WhenAny(first, Task.Delay(HeadStart, stop));
                if (first.IsFaulted)
                {
                    await first;
                }
            }

            List<Task> waiting = [first, silos.Begin(program, deployment, 2, settings, clustering, http, stop), silos.Begin(program, deployment, 3, settings, clustering, http, stop)];
            while (waiting.Count > 0)
            {
                Task one = await Task.WhenAny(waiting);
                await one;
                waiting.Remove(one);
                progress?.Invoke(++serving, 3);
            }

            return silos;
        }
        catch
        {
            await silos.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until queries to every table can be answered.</summary>
    /// <exception cref="ConsoleException">A silo ended meanwhile, or it took too long.</exception>
    public async Task WaitAnsweringAsync(DeploymentLayout layout, CancellationToken stop)
    {
        using CancellationTokenSource giveUp = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task answering = AskAsync(layout, giveUp.Token);
        await Task.WhenAny([answering, .. _silos.Select(s => s.Exit)]);
        if (!answering.IsCompleted && _silos.FirstOrDefault(s => s.Exit.IsCompleted) is { } ended)
        {
            await giveUp.CancelAsync();
            await answering.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stop.ThrowIfCancellationRequested();
            int code = await ended.Exit;
            throw new ConsoleException(
                $"The silo of party {ended.Party} ended with exit code {code}:{Environment.NewLine}{ended.LastWords()}",
                code == 0 ? CommandRunner.Failed : code);
        }

        await answering;
    }

    /// <summary>Stops all three, side by side.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAll(_silos.Select(s => s.DisposeAsync().AsTask()));

    private static async Task AskAsync(DeploymentLayout layout, CancellationToken stop)
    {
        await using TridentClient client = await OpenDeployment.ConnectAsync(layout, ClusterChoice.Embedded, stop);
        Readiness readiness = await client.WaitReadyAsync(StartPatience, stop);
        stop.ThrowIfCancellationRequested();
        if (!readiness.IsReady)
        {
            throw new ConsoleException(
                $"The silos run, but queries could not be answered within {StartPatience.TotalSeconds:0} s: {readiness.Reason}. Their logs are in {Path.Combine(layout.Directory, "logs")}.");
        }
    }

    private Task Begin(string program, string deployment, int party, IReadOnlyList<string> settings, ClusterChoice clustering, HttpOfSilos? http, CancellationToken stop)
    {
        SiloProcess silo = SiloProcess.Start(program, deployment, party, settings, http?.With(clustering.Environment, party) ?? clustering.Environment);
        _silos.Add(silo);
        return silo.WaitReadyAsync(StartPatience, stop);
    }
}
