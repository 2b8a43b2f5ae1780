using System.CommandLine;
using Trident.Console.Commands;

namespace Trident.Console.Silos;

/// <summary>How the silos of <c>up</c> find one another.</summary>
/// <param name="Connection">Connection string of the database; null for the embedded clustering.</param>
internal sealed record SiloClustering(string? Connection)
{
    /// <summary>Without a database.</summary>
    public static readonly SiloClustering Embedded = new((string?)null);

    /// <summary>Without a database, party 1's silo lets the others in, and must be there first.</summary>
    public bool PartyOneFirst => Connection is null;

    /// <summary>The silos' settings, for their environment: a command line can be read by every user of the machine.</summary>
    public IReadOnlyDictionary<string, string> Environment => Connection is null ? new Dictionary<string, string>() : new Dictionary<string, string>
    {
        ["Trident__Clustering"] = "postgres",
        ["Trident__ClusteringConnection"] = Connection,
    };
}

/// <summary><c>--clustering</c> and what belongs to it.</summary>
internal sealed class SiloClusteringOptions
{
    private readonly ConnectionOptions _connection = new();
    private readonly Option<string> _clustering = new("--clustering")
    {
        Description = "How the silos find one another: embedded needs nothing, postgres a database that 'trident sql apply' prepared.",
        DefaultValueFactory = _ => "embedded",
    };

    public SiloClusteringOptions() => _clustering.AcceptOnlyFromAmong("embedded", "postgres");

    public void AddTo(Command command)
    {
        command.Add(_clustering);
        _connection.AddTo(command);
    }

    /// <summary>What was asked for.</summary>
    /// <exception cref="ConsoleException">Clustering and connection do not fit together.</exception>
    public SiloClustering Of(ParseResult parsed)
    {
        if (parsed.GetRequiredValue(_clustering) == "postgres")
        {
            return new SiloClustering(_connection.Required(parsed));
        }

        return _connection.Given(parsed) is null
            ? SiloClustering.Embedded
            : throw new ConsoleException("A connection is of use with --clustering postgres only.", CommandRunner.UsageError);
    }
}
