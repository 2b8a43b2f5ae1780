using System.CommandLine;
using Trident.Console.Deployments;
using Trident.Console.Text;
using Trident.Protocol.Sealing;
using Trident.Protocol.Tables;

namespace Trident.Console.Commands;

/// <summary><c>trident init DIR</c>.</summary>
internal static class InitCommand
{
    public static Command Create()
    {
        Argument<string> directory = new("DIR") { Description = "Directory of the new deployment." };
        Option<string?> host = new("--host")
        {
            Description = "Address that all three parties are reached at; 127.0.0.1 unless told.",
        };
        Option<string?> hosts = new("--hosts")
        {
            Description = "Addresses or names of the parties' own machines, in their order, instead of --host.",
            HelpName = "H1,H2,H3",
        };
        Option<int> basePort = new("--base-port")
        {
            Description = "Party p gets silo port base+10p, gateway port one more, exchange port two more.",
            DefaultValueFactory = _ => 21000,
        };
        basePort.Between(1, 65535 - 32);
        Option<bool> json = new("--json") { Description = "Print the result as JSON." };
        Command command = new("init", "Make a new deployment: addresses, public keys and one private identity per party, and one for the data owner.") { directory, host, hosts, basePort, json };
        command.Runs((parsed, context, _) =>
        {
            string path = Path.GetFullPath(parsed.GetRequiredValue(directory));
            PartiesDescriptor descriptor = DeploymentWriter.Write(path, Hosts(parsed.GetValue(host), parsed.GetValue(hosts)), parsed.GetValue(basePort));
            if (parsed.GetValue(json))
            {
                context.Out.WriteLine(CommandContext.Json(new { descriptor.Deployment, Directory = path, descriptor.Parties }, indented: true));
                return Task.FromResult(CommandRunner.Done);
            }

            DeploymentLayout layout = new(path);
            context.Out.WriteLine($"deployment {descriptor.Deployment} in {path}");
            foreach (PartyEndpoint party in descriptor.Parties)
            {
                context.Out.WriteLine(
                    $"party {party.Party}: {party.Host}, ports {party.SiloPort} {party.GatewayPort} {party.ExchangePort}, identity {layout.IdentityFile(party.Party)}");
            }

            context.Out.WriteLine($"data owner: identity {layout.OwnerIdentityFile}, for changing rows of tables that allow it");
            return Task.FromResult(CommandRunner.Done);
        });
        return command;
    }

    private static IReadOnlyList<string> Hosts(string? one, string? three)
    {
        if (three is null)
        {
            return one is null ? DeploymentWriter.Loopback : [one, one, one];
        }

        if (one is not null)
        {
            throw new ConsoleException("Give --host or --hosts, not both.", CommandRunner.UsageError);
        }

        string[] hosts = three.Split(',', StringSplitOptions.TrimEntries);
        string? bad = Array.Find(hosts, h => Uri.CheckHostName(h) == UriHostNameType.Unknown);
        if (hosts.Length != 3 || bad is not null)
        {
            throw new ConsoleException(
                hosts.Length != 3
                    ? $"--hosts takes three addresses separated by commas, of parties 1, 2 and 3; '{three}' holds {hosts.Length}."
                    : $"'{bad}' in --hosts is neither an address nor a name of a machine; give it without a port.",
                CommandRunner.UsageError);
        }

        return hosts;
    }
}
