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
        Option<string> host = new("--host")
        {
            Description = "Address that the parties listen on and reach each other at.",
            DefaultValueFactory = _ => "127.0.0.1",
        };
        Option<int> basePort = new("--base-port")
        {
            Description = "Party p gets silo port base+10p, gateway port one more, exchange port two more.",
            DefaultValueFactory = _ => 21000,
        };
        basePort.Between(1, 65535 - 32);
        Option<bool> json = new("--json") { Description = "Print the result as JSON." };
        Command command = new("init", "Make a new deployment: addresses, public keys and one private identity per party, and one for the data owner.") { directory, host, basePort, json };
        command.Runs((parsed, context, _) =>
        {
            string path = Path.GetFullPath(parsed.GetRequiredValue(directory));
            PartiesDescriptor descriptor = DeploymentWriter.Write(path, parsed.GetRequiredValue(host), parsed.GetValue(basePort));
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
}
