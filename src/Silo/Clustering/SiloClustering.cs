using System.Diagnostics;
using System.Net;
using Trident.Grains.Placement;
using Trident.Sql;

namespace Trident.Silo.Clustering;

/// <summary>How the silos find one another: Orleans' embedded clustering, or a PostgreSQL database.</summary>
public sealed class SiloClustering : IAsyncDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);
    private readonly ClusterDatabase? _database;
    private readonly TimeSpan _patience;

    private SiloClustering(ClusterDatabase? database, TimeSpan patience) => (_database, _patience) = (database, patience);

    /// <summary>Reads the settings.</summary>
    /// <exception cref="StartException">They name no clustering that there is, or what it needs is missing.</exception>
    public static SiloClustering Of(SiloSettings settings)
    {
        if (settings.Clustering == ClusteringNames.Embedded)
        {
            return string.IsNullOrWhiteSpace(settings.ClusteringConnection) && string.IsNullOrWhiteSpace(settings.ClusteringConnectionFile)
                ? new SiloClustering(null, default)
                : throw Bad("A connection for clustering is given, and clustering is 'embedded', which uses none; set Trident:Clustering to 'postgres'.");
        }

        if (settings.Clustering != ClusteringNames.Postgres)
        {
            throw Bad($"There is no clustering '{settings.Clustering}'; Trident:Clustering is '{ClusteringNames.Embedded}' or '{ClusteringNames.Postgres}'.");
        }

        if (settings.ClusteringWait < TimeSpan.Zero || settings.ClusteringWait > TimeSpan.FromHours(1))
        {
            throw Bad($"Trident:ClusteringWait is {settings.ClusteringWait}; it must be from zero to one hour.");
        }

        try
        {
            return new SiloClustering(new ClusterDatabase(Connection(settings), "trident-" + SiloNames.Of(settings.Party)), settings.ClusteringWait);
        }
        catch (DatabaseException e)
        {
            throw Bad(e.Message);
        }
    }

    /// <summary>
    /// Waits until the database answers and holds the tables, so that a silo may be started before its database. A fault that
    /// waiting does not mend ends it at once. Nothing is waited for with embedded clustering.
    /// </summary>
    /// <exception cref="StartException">The database cannot be used.</exception>
    public async Task WaitAsync(ILogger logger, CancellationToken cancellationToken = default)
    {
        if (_database is null)
        {
            return;
        }

        long began = Stopwatch.GetTimestamp();
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await Schema.RequireAsync(_database, cancellationToken);
                return;
            }
            catch (DatabaseException e) when (e.Fault == DatabaseFault.Unreachable)
            {
                if (Stopwatch.GetElapsedTime(began) + RetryDelay >= _patience)
                {
                    throw new StartException(StartException.DatabaseUnreachable,
                        $"{e.Message} It was tried for {_patience.TotalSeconds:0} s (Trident:ClusteringWait); start the database, or check Trident:ClusteringConnection.", e);
                }

                if (attempt == 1)
                {
                    logger.LogWarning("{Problem} Trying again for {Seconds:0} s.", e.Message, _patience.TotalSeconds);
                }

                await Task.Delay(RetryDelay, cancellationToken);
            }
            catch (DatabaseException e)
            {
                throw new StartException(StartException.DatabaseUnusable, e.Message, e);
            }
        }
    }

    /// <summary>Whether party 1's silo has to be found, to be let in by it.</summary>
    public bool NeedsFirst => _database is null;

    /// <summary>Tells Orleans.</summary>
    /// <param name="silo">The silo that is put together.</param>
    /// <param name="first">Party 1's silo, where it is needed.</param>
    public void AddTo(ISiloBuilder silo, IPEndPoint? first)
    {
        if (_database is null)
        {
            silo.UseDevelopmentClustering(first);
            return;
        }

        silo.UseAdoNetClustering(o =>
        {
            o.Invariant = "Npgsql";
            o.ConnectionString = _database.ConnectionString;
        });
    }

    /// <summary>Closes the connections used at start.</summary>
    public ValueTask DisposeAsync() => _database?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static string Connection(SiloSettings settings) =>
        SecretFile.Read("Trident:ClusteringConnection", settings.ClusteringConnection, settings.ClusteringConnectionFile)
        ?? throw Bad("Clustering with 'postgres' needs a connection: set Trident:ClusteringConnection (in the environment Trident__ClusteringConnection), or Trident:ClusteringConnectionFile.");

    private static StartException Bad(string message) => new(StartException.BadConfiguration, message);
}
