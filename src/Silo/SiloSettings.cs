using Trident.Grains.Exchange;
using Trident.Grains.Exchange.Laboratory;
using Trident.Silo.Http;
using Trident.Sql;

namespace Trident.Silo;

/// <summary>
/// A silo's settings, section <c>Trident</c> of the options file, of the environment (<c>Trident__Party=2</c>) and of the
/// command line (<c>--Trident:Party=2</c>; <c>--party</c> and <c>--deployment</c> for short).
/// </summary>
public sealed class SiloSettings
{
    /// <summary>The deployment's directory.</summary>
    public string Deployment { get; set; } = "";

    /// <summary>The party that this silo is: 1, 2 or 3.</summary>
    public int Party { get; set; }

    /// <summary>Address to listen on; loopback unless told.</summary>
    public string Listen { get; set; } = "127.0.0.1";

    /// <summary>Whether share files are read through once at start and compared with their checksums.</summary>
    public bool VerifyShares { get; set; } = true;

    /// <summary>How the silos find one another: <c>embedded</c> or <c>postgres</c>.</summary>
    public string Clustering { get; set; } = ClusteringNames.Embedded;

    /// <summary>Connection string of the database, for <c>postgres</c>. It may hold a password, so rather in the environment than on the command line.</summary>
    public string? ClusteringConnection { get; set; }

    /// <summary>A file that holds the connection string, instead of it.</summary>
    public string? ClusteringConnectionFile { get; set; }

    /// <summary>How long a silo that starts waits for its database.</summary>
    public TimeSpan ClusteringWait { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a silo that starts asks for the addresses of names in <c>parties.json</c>.</summary>
    public TimeSpan ResolveWait { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether the silo stops at the end of its standard input, which is that of the process that started it.</summary>
    public bool StopAtEndOfInput { get; set; }

    /// <summary>The exchange with the peers.</summary>
    public ExchangeOptions Exchange { get; set; } = new();

    /// <summary>What may be looked at over HTTP; off unless set.</summary>
    public HttpSettings Http { get; set; } = new();

    /// <summary>Links made slow for experiments; off unless set.</summary>
    public LaboratoryOptions Laboratory { get; set; } = new();

    /// <summary>What a table's stock may hold in memory, in bytes; for <c>--stock-budget</c>.</summary>
    public long? StockBudgetBytes { get; set; }
}

/// <summary>The silo cannot start. <see cref="ExitCode"/> tells scripts why, the message tells people.</summary>
public sealed class StartException(int exitCode, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Bad configuration.</summary>
    public const int BadConfiguration = 2;

    /// <summary>The party's private identity is missing or unreadable.</summary>
    public const int MissingKey = 3;

    /// <summary>A share file is damaged, foreign or missing.</summary>
    public const int BadShareFile = 4;

    /// <summary>A port is taken.</summary>
    public const int PortTaken = 5;

    /// <summary>The descriptor of the parties does not match this party's identity.</summary>
    public const int DescriptorMismatch = 6;

    /// <summary>The database of the clustering does not answer.</summary>
    public const int DatabaseUnreachable = 7;

    /// <summary>The database of the clustering answers and cannot be used: tables are missing, or the user is refused.</summary>
    public const int DatabaseUnusable = 8;

    /// <summary>A host of the descriptor has no address, as when the network is not up yet.</summary>
    public const int HostUnknown = 9;

    /// <summary>The process's exit code.</summary>
    public int ExitCode { get; } = exitCode;
}
