using Trident.Client;
using Trident.Console.Silos;
using Trident.Protocol.Tables;

namespace Trident.Console.Deployments;

/// <summary>Opens a deployment that is there.</summary>
internal static class OpenDeployment
{
    /// <summary>The layout of a directory that holds a deployment.</summary>
    /// <exception cref="ConsoleException">It holds none.</exception>
    public static DeploymentLayout At(string directory)
    {
        DeploymentLayout layout = new(Path.GetFullPath(directory));
        return File.Exists(layout.PartiesFile)
            ? layout
            : throw new ConsoleException($"{directory} holds no deployment: {layout.PartiesFile} is missing. 'trident init {directory}' makes one.");
    }

    /// <summary>A client of the deployment's running silos.</summary>
    /// <param name="layout">The deployment.</param>
    /// <param name="clustering">Where their gateways are looked up.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="ConsoleException">The connection string cannot be read.</exception>
    public static async Task<TridentClient> ConnectAsync(DeploymentLayout layout, ClusterChoice clustering, CancellationToken stop)
    {
        TridentClientOptions options = new()
        {
            DeploymentDirectory = layout.Directory,
            Clustering = clustering.Connection is null ? ClientClustering.Embedded : ClientClustering.Postgres,
            ClusteringConnection = clustering.Connection,
        };
        try
        {
            return await TridentClient.ConnectAsync(options, stop);
        }
        catch (ArgumentException e) when (clustering.Connection is not null)
        {
            // Everything else in the options is fixed above, so it is the connection that was refused.
            throw new ConsoleException(e.Message, CommandRunner.UsageError);
        }
    }
}
