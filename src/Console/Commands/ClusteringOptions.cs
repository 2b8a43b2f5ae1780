using System.CommandLine;
using Trident.Console.Silos;
using Trident.Sql;

namespace Trident.Console.Commands;

/// <summary><c>--clustering</c> and what belongs to it, for the command that starts silos and for those that are clients of them.</summary>
internal sealed class ClusteringOptions
{
    private readonly ConnectionOptions _connection = new();
    private readonly Option<string> _clustering;

    private ClusteringOptions(string description)
    {
        _clustering = new Option<string>("--clustering") { Description = description, DefaultValueFactory = _ => ClusteringNames.Embedded };
        _clustering.AcceptOnlyFromAmong(ClusteringNames.Embedded, ClusteringNames.Postgres);
    }

    /// <summary>All options of the set.</summary>
    public IEnumerable<Option> All => [_clustering, .. _connection.All];

    /// <summary>For a command that starts silos.</summary>
    public static ClusteringOptions OfSilos() =>
        new("How the silos find one another: embedded needs nothing, postgres a database that 'trident sql apply' prepared.");

    /// <summary>For a client. Its login is best a member of <c>trident_client</c>, which reads gateways and nothing else.</summary>
    public static ClusteringOptions OfClient() =>
        new("Where the silos' gateways are looked up: embedded takes parties.json, postgres the database in which the silos find one another.");

    public void AddTo(Command command)
    {
        foreach (Option option in All)
        {
            command.Add(option);
        }
    }

    /// <summary>What was asked for.</summary>
    /// <exception cref="ConsoleException">Clustering and connection do not fit together.</exception>
    public ClusterChoice Of(ParseResult parsed)
    {
        if (parsed.GetRequiredValue(_clustering) == ClusteringNames.Postgres)
        {
            return new ClusterChoice(_connection.Required(parsed));
        }

        return _connection.Given(parsed) is null
            ? ClusterChoice.Embedded
            : throw new ConsoleException("A connection is of use with --clustering postgres only.", CommandRunner.UsageError);
    }
}
