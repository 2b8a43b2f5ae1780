using Trident.Client;
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
    public static Task<TridentClient> ConnectAsync(DeploymentLayout layout, CancellationToken stop) =>
        TridentClient.ConnectAsync(new TridentClientOptions { DeploymentDirectory = layout.Directory }, stop);
}
