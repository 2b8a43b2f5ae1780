using Trident.Abstractions;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;

namespace Trident.Client;

/// <content>Nearest neighbours: docs/search.md.</content>
public sealed partial class TridentClient
{
    private readonly Func<IReadOnlyList<CollectionDescription>> _loadCollections;
    private readonly Searcher _searcher;
    private volatile IReadOnlyList<CollectionDescription> _collections;

    /// <summary>The collections of the deployment, as its directory describes them.</summary>
    public IReadOnlyList<CollectionDescription> Collections => _collections;

    /// <summary>Searches for the nearest neighbours of one query.</summary>
    /// <inheritdoc cref="SearchAsync(string, IReadOnlyList{ReadOnlyMemory{float}}, int, CancellationToken)"/>
    /// <param name="collection">Name of the collection.</param>
    /// <param name="query">As many numbers as the collection's vectors have, finite.</param>
    /// <param name="k">How many, 1 to 1,000 and no more than the collection has.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<SearchResult> SearchAsync(string collection, ReadOnlyMemory<float> query, int k, CancellationToken cancellationToken = default) =>
        (await SearchAsync(collection, [query], k, cancellationToken))[0];

    /// <summary>
    /// Searches for the k nearest neighbours of each query. No party learns a query, a score, or which vectors are near; the parties
    /// see that a collection is searched, for how many queries, and k. The client learns the scores of all vectors, from which whoever
    /// may ask often enough can compute the vectors: searching is for clients that may read the collection.
    /// </summary>
    /// <param name="collection">Name of the collection.</param>
    /// <param name="queries">One or more; several go together, and the parties read the collection once for up to eight of them.</param>
    /// <param name="k">How many, 1 to 1,000 and no more than the collection has.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>A result for each query, in their order. If one cannot be answered, the call fails.</returns>
    /// <remarks>Each of the two rounds of a search may take <see cref="TridentClientOptions.Deadline"/>.</remarks>
    /// <exception cref="UnknownCollectionException">The deployment has no such collection, or not its tables.</exception>
    /// <exception cref="QueryVectorException">A query has another dimension, a number that is not finite, or cannot be scored; nothing was sent.</exception>
    /// <exception cref="ArgumentException">There are no queries, or k is out of its range.</exception>
    /// <exception cref="TooFewPartiesException">Fewer than two parties answer.</exception>
    /// <exception cref="AnswerCheckException">Shares contradict one another: a party lies or is broken.</exception>
    /// <exception cref="QueryRefusedException">The parties refused for a reason that trying again does not mend.</exception>
    /// <exception cref="DeadlineExceededException">A round took longer than its deadline.</exception>
    public async Task<IReadOnlyList<SearchResult>> SearchAsync(
        string collection, IReadOnlyList<ReadOnlyMemory<float>> queries, int k, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(collection);
        ArgumentNullException.ThrowIfNull(queries);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        SearchPlan plan = Plan(collection, queries, k);
        try
        {
            try
            {
                return await _searcher.SearchAsync(plan, queries, cancellationToken);
            }
            catch (QueryRefusedException e) when (e.Kind == QueryFailureKind.UnknownTable && ReloadCollection(plan.Collection))
            {
                // The data owner shared the collection anew since this client read its description.
                plan = Plan(collection, queries, k);
                return await _searcher.SearchAsync(plan, queries, cancellationToken);
            }
        }
        catch (QueryRefusedException e) when (e.Kind == QueryFailureKind.UnknownTable)
        {
            throw new QueryRefusedException(e.Kind,
                $"The parties do not serve collection '{collection}' in the version that is described here. Silos read their tables at start: restart them, or share the collection again. {e.Message}");
        }
        catch (OperationCanceledException) when (_disposed != 0 && !cancellationToken.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(TridentClient), "The client was disposed of while the search was under way.");
        }
    }

    /// <summary>
    /// Fetches the list of the nearest neighbours of a vector of the collection, made when the collection was shared. No party learns whose.
    /// </summary>
    /// <param name="collection">Name of the collection.</param>
    /// <param name="row">The vector's row, from 0; rows are in the order of the ids.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="UnknownCollectionException">The deployment has no such collection, or it was shared without lists.</exception>
    /// <exception cref="RowOutOfRangeException">The collection has no such row.</exception>
    /// <exception cref="TridentException">As <see cref="FetchAsync(string, int, CancellationToken)"/>.</exception>
    public async Task<NeighbourList> NeighboursAsync(string collection, int row, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(collection);
        CollectionDescription described = DescribeCollection(collection);
        string table = CollectionDescription.NeighboursTable(collection);
        TableOf(described, table, described.Neighbours ?? throw new UnknownCollectionException(
            $"Collection '{collection}' was shared without lists of neighbours; 'share --collection {collection} --neighbours K --replace' makes them."));
        FetchResult fetched = await FetchAsync(table, row, cancellationToken);
        if (fetched.Table.Version != described.Neighbours)
        {
            // Shared anew between two calls: what the list holds is read as the new description says.
            LoadCollections();
            described = DescribeCollection(collection);
            if (fetched.Table.Version != described.Neighbours)
            {
                throw new UnknownCollectionException($"Collection '{collection}' is being shared anew; ask again.");
            }
        }

        return new NeighbourList(described.Layout.NeighboursOf(fetched.Records[0]), fetched.Unverified, fetched.Latency);
    }

    /// <summary>Everything that can be wrong with a question is found here, before anything is sent.</summary>
    private SearchPlan Plan(string name, IReadOnlyList<ReadOnlyMemory<float>> queries, int k)
    {
        CollectionDescription collection = DescribeCollection(name);
        if (queries.Count == 0)
        {
            throw new ArgumentException("A search needs a query, and the batch has none.", nameof(queries));
        }

        if (k is < 1 or > SearchPlan.MaxK)
        {
            throw new ArgumentOutOfRangeException(nameof(k), k, $"A search is for 1 to {SearchPlan.MaxK:N0} neighbours.");
        }

        if (k > collection.Count)
        {
            throw new ArgumentException($"{k:N0} neighbours were asked for, and collection '{name}' has {collection.Count:N0} vectors; ask for fewer.", nameof(k));
        }

        for (int i = 0; i < queries.Count; i++)
        {
            if (queries[i].Length != collection.Dimension)
            {
                string which = queries.Count == 1 ? "The query" : $"Query {i}";
                throw new QueryVectorException($"{which} has {queries[i].Length:N0} numbers, and the vectors of collection '{name}' have {collection.Dimension:N0}.");
            }
        }

        return new SearchPlan(collection, TableOf(collection, CollectionDescription.ScoresTable(name), collection.Scores),
            TableOf(collection, CollectionDescription.RecordsTable(name), collection.Records), k);
    }

    private CollectionDescription DescribeCollection(string name)
    {
        if (FindCollection(name) is { } known)
        {
            return known;
        }

        LoadCollections();
        return FindCollection(name) ?? throw new UnknownCollectionException(_collections.Count == 0
            ? $"There is no collection '{name}': the deployment in {_options.DeploymentDirectory} has none. Share one first."
            : $"There is no collection '{name}'; the deployment has {string.Join(", ", _collections.Select(c => c.Name))}.");
    }

    private TableDescription TableOf(CollectionDescription collection, string table, Guid version)
    {
        if (Find(table) is not { } known || known.Version != version)
        {
            _tables = _loadTables();
        }

        return Find(table) is { } found && found.Version == version
            ? found
            : throw new UnknownCollectionException(
                $"Collection '{collection.Name}' needs the table '{table}' in the version {version}, and the deployment in {_options.DeploymentDirectory} does not describe it. Copy its tables and collections directories together, or share the collection again.");
    }

    private CollectionDescription? FindCollection(string name) => _collections.FirstOrDefault(c => c.Name == name);

    /// <summary>Reads the descriptions again; whether the collection has other tables now.</summary>
    private bool ReloadCollection(CollectionDescription old)
    {
        LoadCollections();
        return FindCollection(old.Name) is not { } now || now.Scores != old.Scores || now.Records != old.Records;
    }

    private void LoadCollections()
    {
        _collections = _loadCollections();
        _tables = _loadTables();
    }
}
