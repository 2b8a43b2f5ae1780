using System.CommandLine;
using System.Security.Cryptography;
using Trident.Client;
using Trident.Console.Deployments;
using Trident.Console.Text;
using Trident.Protocol.Sealing;
using Trident.Protocol.Tables;

namespace Trident.Console.Commands;

/// <summary><c>trident put DIR --table NAME --row N --vector FILE|--bytes HEX</c>: the data owner changes one row.</summary>
internal static class PutCommand
{
    public static Command Create()
    {
        Argument<string> directory = new("DIR") { Description = "Directory of the deployment, with the data owner's identity; its silos run." };
        Option<string> table = new("--table") { Description = "Name of the table; shared with --product beaver.", Required = true };
        Option<int> row = new("--row") { Description = "Row to replace, counted from 0.", HelpName = "N", Required = true };
        Option<string?> vector = new("--vector") { Description = "Vector file with the new record: one record, or one chosen by --vector-row.", HelpName = "FILE" };
        Option<int?> vectorRow = new("--vector-row") { Description = "Which record of the vector file, counted from 0.", HelpName = "K" };
        Option<string?> bytes = new("--bytes") { Description = "The new record's bytes in hexadecimal.", HelpName = "HEX" };
        ClusteringOptions clustering = ClusteringOptions.OfClient();
        Option<bool> json = new("--json") { Description = "Print the result as JSON." };
        Command command = new("put", "Replace one row, at all three parties or at none; the next fetch sees it.")
        {
            directory, table, row, vector, vectorRow, bytes, json,
        };
        clustering.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(vector) is null == result.GetResult(bytes) is null)
            {
                result.AddError("Give the new record with --vector FILE or with --bytes HEX, one of the two.");
            }
            else if (result.GetResult(vectorRow) is not null && result.GetResult(vector) is null)
            {
                result.AddError("--vector-row chooses a record of a vector file: give --vector FILE with it.");
            }
        });
        command.Runs(async (parsed, context, stop) =>
        {
            DeploymentLayout layout = OpenDeployment.At(parsed.GetRequiredValue(directory));
            TableDescription description = layout.Table(parsed.GetRequiredValue(table));
            int target = parsed.GetRequiredValue(row);
            byte[] record = parsed.GetValue(vector) is { } file
                ? NewRecord.FromFile(file, parsed.GetValue(vectorRow), description)
                : NewRecord.FromHex(parsed.GetValue(bytes)!, description);
            try
            {
                if (PartiesDescriptor.Load(layout.PartiesFile).Owner is null)
                {
                    throw new ConsoleException(
                        $"{layout.PartiesFile} names no data owner: the deployment is of an older version, and its tables cannot be changed. Make a new one with 'trident init', or share the table again with --replace.");
                }

                using OwnerIdentity owner = OwnerIdentity.Load(layout.OwnerIdentityFile);
                await using TridentClient client = await OpenDeployment.ConnectAsync(layout, clustering.Of(parsed), stop);
                long revision = await client.PutAsync(description.Name, target, record, owner, stop);
                context.Out.WriteLine(parsed.GetValue(json)
                    ? CommandContext.Json(new { Table = description.Name, Row = target, Revision = revision }, indented: false)
                    : FormattableString.Invariant($"row {target} of table {description.Name} is replaced at all three parties; revision {revision}"));
                return CommandRunner.Done;
            }
            finally
            {
                CryptographicOperations.ZeroMemory(record);
            }
        });
        return command;
    }
}
