using System.CommandLine;
using Trident.Console.Deployments;
using Trident.Console.Measuring;
using Trident.Console.Silos;
using Trident.Console.Text;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;

namespace Trident.Console.Commands;

/// <summary><c>trident up DIR</c>: three silos on this machine.</summary>
internal static class UpCommand
{
    public static Command Create()
    {
        Argument<string> directory = new("DIR") { Description = "Directory of the deployment." };
        Option<long?> stock = new("--stock-budget") { Description = "Bytes of memory that a party's stock for one table may take." };
        Option<string?> transport = new("--transport") { Description = "How shares travel between the silos.", HelpName = "NAME" };
        transport.AcceptOnlyFromAmong(Combination.Transports);
        Option<double> delay = new("--lab-link-delay") { Description = "LABORATORY: make every link behave as one with this one-way delay, in ms.", HelpName = "MS" };
        Option<double> bandwidth = new("--lab-link-bandwidth") { Description = "LABORATORY: make every link behave as one with this bandwidth, in megabits per second.", HelpName = "MBIT" };
        Option<string[]> settings = new("--set")
        {
            Description = "A setting of the silos, such as Exchange:Grace=00:00:00.5; may be given more than once.",
            HelpName = "KEY=VALUE",
        };
        settings.Validators.Add(result =>
        {
            foreach (string bad in result.Tokens.Select(t => t.Value).Where(v => v.IndexOf('=') < 1))
            {
                result.AddError($"'{bad}' is no setting: expected KEY=VALUE.");
            }
        });
        Option<int?> http = new("--http-base-port") { Description = "Serve page, dashboard and metrics on loopback: party 1 on this port, 2 and 3 on the next.", HelpName = "PORT" };
        http.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1 or > 65533)
            {
                result.AddError("--http-base-port may be 1 to 65533.");
            }
        });
        Option<string?> token = new("--http-token") { Description = "The operator's token for them; drawn at random and printed once unless given.", HelpName = "TOKEN" };
        Option<string?> tokenFile = new("--http-token-file") { Description = "A file that holds the token; keeps it off the command line.", HelpName = "FILE" };
        ClusteringOptions clustering = ClusteringOptions.OfSilos();
        Command command = new("up", "Run the three silos on this machine until Ctrl-C or SIGTERM.") { directory, stock, transport, delay, bandwidth, settings, http, token, tokenFile };
        clustering.AddTo(command);
        command.Runs(async (parsed, context, stop) =>
        {
            DeploymentLayout layout = OpenDeployment.At(parsed.GetRequiredValue(directory));
            List<string> arguments = [.. (parsed.GetValue(settings) ?? []).Select(s => $"--Trident:{s}")];
            if (parsed.GetValue(transport) is { } name)
            {
                arguments.Add(SiloSwitches.Transport(name));
            }

            LinkModel link = new(parsed.GetValue(delay), parsed.GetValue(bandwidth) is not 0 and double megabits ? megabits : null);
            arguments.AddRange(SiloSwitches.For(link, parsed.GetValue(stock)));
            string? given = SecretFile.Read("--http-token", parsed.GetValue(token), parsed.GetValue(tokenFile));
            HttpOfSilos? pages = parsed.GetValue(http) is { } port
                ? new HttpOfSilos(port, given)
                : given is null ? null : throw new ConsoleException("--http-token and its file are of use with --http-base-port only.", CommandRunner.UsageError);
            try
            {
                await using LocalSilos silos = await StartAsync(context, layout, arguments, clustering.Of(parsed), stop, pages);
                pages?.Tell(context);
                foreach (CollectionDescription collection in layout.Collections())
                {
                    context.Out.WriteLine(FormattableString.Invariant(
                        $"collection {collection.Name}: {collection.Count:N0} × {collection.Layout.Vector}, {collection.Metric.Name()}"));
                }

                context.Out.WriteLine("ready");
                context.Out.Flush();
                return await WatchAsync(context, silos, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // Ctrl-C and SIGTERM are how this command is meant to end.
                return CommandRunner.Done;
            }
        });
        return command;
    }

    /// <summary>Starts the silos and waits until queries can be answered.</summary>
    public static async Task<LocalSilos> StartAsync(
        CommandContext context, DeploymentLayout layout, IReadOnlyList<string> settings, ClusterChoice clustering, CancellationToken stop, HttpOfSilos? http = null)
    {
        LocalSilos? silos = null;
        try
        {
            await context.WithProgressAsync("starting three silos", async report =>
                silos = await LocalSilos.StartAsync(layout.Directory, settings, clustering, report, stop, http));
            await context.WithProgressAsync("waiting for stock", async _ => await silos!.WaitAnsweringAsync(layout, stop));
            return silos!;
        }
        catch
        {
            if (silos is not null)
            {
                await silos.DisposeAsync();
            }

            throw;
        }
    }

    // Two silos are enough to answer, so one that ends is told of and the others go on.
    private static async Task<int> WatchAsync(CommandContext context, LocalSilos silos, CancellationToken stop)
    {
        List<SiloProcess> running = [.. silos.Silos];
        while (running.Count > 0)
        {
            await Task.WhenAny(running.Select(s => s.Exit)).WaitAsync(stop);
            foreach (SiloProcess ended in running.Where(s => s.Exit.IsCompleted).ToArray())
            {
                running.Remove(ended);
                context.Error.WriteLine($"trident: the silo of party {ended.Party} ended with exit code {await ended.Exit}; its log is {ended.LogFile}");
            }
        }

        context.Error.WriteLine("trident: no silo is left");
        return CommandRunner.Failed;
    }
}
