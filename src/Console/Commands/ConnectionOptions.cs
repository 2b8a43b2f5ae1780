using System.CommandLine;
using Trident.Console.Text;

namespace Trident.Console.Commands;

/// <summary>
/// The options that say how to reach the database of the clustering. A command line can be read by every user of the machine,
/// so a password is better in a file.
/// </summary>
internal sealed class ConnectionOptions
{
    private readonly Option<string?> _connection = new("--connection")
    {
        Description = "Connection string of the database: Host=…;Port=…;Database=…;Username=…;Password=….",
        HelpName = "STRING",
    };

    private readonly Option<string?> _file = new("--connection-file")
    {
        Description = "A file that holds the connection string; keeps the password off the command line.",
        HelpName = "FILE",
    };

    /// <summary>Both options.</summary>
    public IEnumerable<Option> All => [_connection, _file];

    public void AddTo(Command command)
    {
        command.Add(_connection);
        command.Add(_file);
    }

    /// <summary>The connection string.</summary>
    /// <exception cref="ConsoleException">None is given, or two, or the file cannot be read.</exception>
    public string Required(ParseResult parsed) =>
        Given(parsed) ?? throw new ConsoleException("A connection is needed: give --connection or --connection-file.", CommandRunner.UsageError);

    /// <summary>The connection string, or null when none is given.</summary>
    /// <exception cref="ConsoleException">Two are given, or the file cannot be read.</exception>
    public string? Given(ParseResult parsed) => SecretFile.Read("--connection", parsed.GetValue(_connection), parsed.GetValue(_file));
}
