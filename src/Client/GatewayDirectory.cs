using System.Collections.Concurrent;
using System.Net;
using Trident.Protocol.Sealing;
using Trident.Sql;

namespace Trident.Client;

/// <summary>
/// Where a party's gateways are: as <c>parties.json</c> says, or as the database of the clustering does. It is asked only when
/// a connection is made. The database is no more trusted than the network: it may send a client astray, which costs service,
/// but queries are sealed to the public keys in <c>parties.json</c>.
/// </summary>
internal sealed class GatewayDirectory(Guid deployment, ClusterDatabase? database) : IAsyncDisposable
{
    // Well within the time that a party is given to connect, so that a database that is away does not keep a party away.
    private static readonly TimeSpan LookUpLimit = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<int, IPEndPoint[]> _lastKnown = new();

    /// <summary>The directory that the options ask for.</summary>
    /// <exception cref="ArgumentException">The connection string cannot be read.</exception>
    public static GatewayDirectory Of(TridentClientOptions options, Guid deployment)
    {
        try
        {
            return new(deployment, options.Clustering == ClientClustering.Postgres ? new ClusterDatabase(options.ClusteringConnection!, "trident-client") : null);
        }
        catch (DatabaseException e)
        {
            throw new ArgumentException(e.Message, nameof(options), e);
        }
    }

    /// <summary>
    /// The party's gateways, at least one. Where the database does not answer, or knows no active silo of the party, it is
    /// what it said last; where it never said anything, what <c>parties.json</c> says.
    /// </summary>
    public async Task<IPEndPoint[]> FindAsync(PartyEndpoint endpoint, CancellationToken cancellationToken)
    {
        if (database is not null && await LookUpAsync(database, endpoint.Party, cancellationToken) is { Length: > 0 } found)
        {
            _lastKnown[endpoint.Party] = found;
            return found;
        }

        return _lastKnown.TryGetValue(endpoint.Party, out IPEndPoint[]? known)
            ? known
            : [new IPEndPoint(await ResolveAsync(endpoint.Host, cancellationToken), endpoint.GatewayPort)];
    }

    public ValueTask DisposeAsync() => database?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static async Task<IPAddress> ResolveAsync(string host, CancellationToken cancellationToken) =>
        IPAddress.TryParse(host, out IPAddress? address) ? address : (await Dns.GetHostAddressesAsync(host, cancellationToken))[0];

    private async Task<IPEndPoint[]> LookUpAsync(ClusterDatabase from, int party, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(LookUpLimit);
        try
        {
            return await ClusterView.GatewaysAsync(from, PartiesDescriptor.ClusterIdOf(deployment), party, limit.Token);
        }
        catch (DatabaseException e) when (e.Fault == DatabaseFault.Unreachable)
        {
            return [];
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return [];
        }
    }
}
