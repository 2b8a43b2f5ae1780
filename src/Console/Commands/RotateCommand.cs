using System.CommandLine;
using Trident.Console.Deployments;
using Trident.Console.Text;
using Trident.Protocol.Tables;

namespace Trident.Console.Commands;

/// <summary><c>trident rotate DIR --party N</c>: a new identity for one party.</summary>
internal static class RotateCommand
{
    public static Command Create()
    {
        Argument<string> directory = new("DIR") { Description = "Directory of the deployment, on that party's machine." };
        Option<int> party = new("--party") { Description = "The party: 1, 2 or 3.", Required = true };
        party.Between(1, 3);
        Option<bool> lost = new("--lost") { Description = "The old identity is lost: make the new one without it." };
        Option<bool> json = new("--json") { Description = "Print the result as JSON." };
        Command command = new("rotate", "Give one party a new private identity and write its public key to parties.json. Tables stay as they are.")
        {
            directory, party, lost, json,
        };
        command.Runs((parsed, context, _) =>
        {
            DeploymentLayout layout = OpenDeployment.At(parsed.GetRequiredValue(directory));
            int number = parsed.GetValue(party);
            IdentityRotation rotation = new(layout, number, parsed.GetValue(lost));
            string publicKey = rotation.Run();
            if (parsed.GetValue(json))
            {
                context.Out.WriteLine(CommandContext.Json(
                    new { Party = number, PublicKey = publicKey, layout.PartiesFile, rotation.PreviousFile }, indented: true));
                return Task.FromResult(CommandRunner.Done);
            }

            context.Out.WriteLine($"party {number} has a new identity, with the public key {publicKey}");
            context.Out.WriteLine($"1. bring {layout.PartiesFile} to the other parties and all clients, by a way they can trust");
            context.Out.WriteLine("2. restart all three silos, and the clients: until then the others refuse this party");
            if (File.Exists(rotation.PreviousFile))
            {
                context.Out.WriteLine($"3. delete {rotation.PreviousFile}: whoever has it can read what was recorded before");
            }

            return Task.FromResult(CommandRunner.Done);
        });
        return command;
    }
}
