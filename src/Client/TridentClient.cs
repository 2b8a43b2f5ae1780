using Trident.Abstractions;
using Trident.Protocol.Collections;
using Trident.Protocol.Sealing;
using Trident.Protocol.Tables;

namespace Trident.Client;

/// <summary>
/// Fetches rows of a shared table, and searches collections, without any party learning which and for what. Thread-safe; meant to live as long as the application,
/// because connecting and the first tickets cost more than a fetch.
/// </summary>
/// <example>
/// <code>
/// await using TridentClient client = await TridentClient.ConnectAsync(new() { DeploymentDirectory = "deployment" }, default);
/// FetchResult row = await client.FetchAsync("vectors", 42);
/// SearchResult near = await client.SearchAsync("images", query, k: 10);
/// </code>
/// </example>
public sealed partial class TridentClient : IAsyncDisposable
{
    private readonly TridentClientOptions _options;
    private readonly PartySet _parties;
    private readonly ClientSeal[] _seals;
    private readonly Func<IReadOnlyList<TableDescription>> _loadTables;
    private readonly Fetcher _fetcher;
    private readonly Putter _putter;
    private readonly GatewayDirectory? _gateways;
    private readonly CancellationTokenSource _stopping = new();
    private volatile IReadOnlyList<TableDescription> _tables;
    private int _disposed;

    private TridentClient(TridentClientOptions options, PartiesDescriptor descriptor, IReadOnlyList<IPartyLink> links,
        Func<IReadOnlyList<TableDescription>> loadTables, Func<IReadOnlyList<CollectionDescription>> loadCollections, GatewayDirectory? gateways)
    {
        _options = options;
        _gateways = gateways;
        _loadTables = loadTables;
        _tables = loadTables();
        _loadCollections = loadCollections;
        _collections = loadCollections();
        _parties = new PartySet(links, options);
        _seals = [.. Enumerable.Range(1, 3).Select(p => new ClientSeal(p, Convert.FromBase64String(descriptor[p].PublicKey), descriptor.Deployment))];
        _fetcher = new Fetcher(options, _parties, _seals, _stopping.Token);
        _searcher = new Searcher(_fetcher);
        _putter = new Putter(options, descriptor, _parties);
    }

    /// <summary>The tables of the deployment, as its directory describes them.</summary>
    public IReadOnlyList<TableDescription> Tables => _tables;

    /// <summary>What asks the parties, for scores too.</summary>
    internal Fetcher Fetcher => _fetcher;

    /// <summary>Parties 1, 2 and 3 as this client sees them now.</summary>
    public IReadOnlyList<PartyHealth> Parties => [.. _parties.All.Select(p => p.Health)];

    /// <summary>
    /// Connects to the parties; two of three are enough, and a missing one is looked for in the background, about once a second.
    /// </summary>
    /// <param name="options">Settings.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">A setting is out of its range.</exception>
    /// <exception cref="TableException">A table's or a collection's description cannot be read.</exception>
    /// <exception cref="IdentityException">The parties' descriptor is missing or cannot be read.</exception>
    /// <exception cref="TooFewPartiesException">Fewer than two parties answered within <see cref="TridentClientOptions.ConnectTimeout"/>.</exception>
    public static async Task<TridentClient> ConnectAsync(TridentClientOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        DeploymentLayout layout = new(options.DeploymentDirectory);
        PartiesDescriptor descriptor = PartiesDescriptor.Load(layout.PartiesFile);
        GatewayDirectory gateways = GatewayDirectory.Of(options, descriptor.Deployment);
        try
        {
            IPartyLink[] links = [.. Enumerable.Range(1, 3).Select(p => new OrleansPartyLink(descriptor[p], descriptor.Deployment, gateways, options.Deadline))];
            return await ConnectAsync(options, descriptor, links, layout.Tables, cancellationToken, gateways, layout.Collections);
        }
        catch
        {
            await gateways.DisposeAsync();
            throw;
        }
    }

    /// <summary>Connects over links of any kind.</summary>
    internal static async Task<TridentClient> ConnectAsync(TridentClientOptions options, PartiesDescriptor descriptor,
        IReadOnlyList<IPartyLink> links, Func<IReadOnlyList<TableDescription>> loadTables, CancellationToken cancellationToken,
        GatewayDirectory? gateways = null, Func<IReadOnlyList<CollectionDescription>>? loadCollections = null)
    {
        options.Validate();
        TridentClient client = new(options, descriptor, links, loadTables, loadCollections ?? (() => []), gateways);
        try
        {
            await client._parties.ConnectAsync(cancellationToken);
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>Fetches one row.</summary>
    /// <inheritdoc cref="FetchAsync(string, IReadOnlyList{int}, CancellationToken)"/>
    public Task<FetchResult> FetchAsync(string table, int row, CancellationToken cancellationToken = default) =>
        FetchAsync(table, [row], cancellationToken);

    /// <summary>Fetches rows in one query. The parties learn how many, and of which table.</summary>
    /// <param name="table">Name of the table.</param>
    /// <param name="rows">1 to 1,024 rows, counted from 0; a row may come twice.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="UnknownTableException">The deployment has no such table.</exception>
    /// <exception cref="RowOutOfRangeException">A row is not in the table.</exception>
    /// <exception cref="TooFewPartiesException">Fewer than two parties answer.</exception>
    /// <exception cref="AnswerCheckException">Shares contradict one another: a party lies or is broken.</exception>
    /// <exception cref="QueryRefusedException">The parties refused for a reason that trying again does not mend.</exception>
    /// <exception cref="DeadlineExceededException">It took longer than <see cref="TridentClientOptions.Deadline"/>.</exception>
    public async Task<FetchResult> FetchAsync(string table, IReadOnlyList<int> rows, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(rows);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        int[] wanted = [.. rows];
        if (wanted.Length is < 1 or > QueryPlaintext.MaxCount)
        {
            throw new ArgumentException($"A query asks for 1 to {QueryPlaintext.MaxCount} rows, not {wanted.Length}; split it.", nameof(rows));
        }

        TableDescription description = Describe(table, wanted);
        if (wanted.Length > QueryLimits.MaxRows(description))
        {
            throw new ArgumentException(
                $"A query to table '{table}' asks for at most {QueryLimits.MaxRows(description)} rows, not {wanted.Length}, because of the table's size; split it.",
                nameof(rows));
        }

        try
        {
            try
            {
                return await _fetcher.FetchAsync(description, wanted, cancellationToken);
            }
            catch (QueryRefusedException e) when (e.Kind == QueryFailureKind.UnknownTable && Reload(description))
            {
                // The data owner shared the table anew since this client read its description.
                return await _fetcher.FetchAsync(Describe(table, wanted), wanted, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (_disposed != 0 && !cancellationToken.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(TridentClient), "The client was disposed of while the fetch was under way.");
        }
        finally
        {
            Array.Clear(wanted);
        }
    }

    /// <summary>
    /// Replaces one row of a table that allows it, at all three parties or at none. Returns when all three have made the change, so
    /// the next fetch sees it. The parties learn which row is changed and when, and nothing of the contents.
    /// </summary>
    /// <param name="table">Name of the table; shared for the product <c>beaver</c>.</param>
    /// <param name="row">The row, counted from 0.</param>
    /// <param name="record">Its new bytes, as many as a record of the table has.</param>
    /// <param name="owner">The data owner's identity.</param>
    /// <param name="cancellationToken">Gives up waiting; the change may be made all the same.</param>
    /// <returns>The table's revision with the change made.</returns>
    /// <exception cref="UnknownTableException">The deployment has no such table.</exception>
    /// <exception cref="RowOutOfRangeException">The row is not in the table.</exception>
    /// <exception cref="ArgumentException">The record has another number of bytes than the table's, or the identity is of another deployment.</exception>
    /// <exception cref="TooFewPartiesException">Not all three parties are up.</exception>
    /// <exception cref="PutRefusedException">A party refused; no party has made the change.</exception>
    /// <exception cref="PutOutcomeUnknownException">It is not known whether the change was made.</exception>
    public Task<long> PutAsync(string table, int row, ReadOnlyMemory<byte> record, OwnerIdentity owner, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(owner);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return _putter.PutAsync(Describe(table, [row]), row, record, owner, cancellationToken);
    }

    /// <summary>What parties 1, 2 and 3 tell about themselves; null for one that does not answer.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<PartyStatus?[]> StatusAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        PartyStatus?[] status = await Task.WhenAll(_parties.All.Select(p => p.ProbeAsync(cancellationToken)));
        cancellationToken.ThrowIfCancellationRequested();
        return status;
    }

    /// <summary>Waits until all three parties are up, linked, and hold stock for every table; false when the token ends the waiting.</summary>
    /// <param name="cancellationToken">The time limit, if there is one. It does not throw.</param>
    public async Task<bool> WaitReadyAsync(CancellationToken cancellationToken) =>
        (await WaitReadyAsync(Timeout.InfiniteTimeSpan, cancellationToken)).IsReady;

    /// <summary>Waits until all three parties are up, linked, and hold stock for every table, and says what is missing if they are not in time.</summary>
    /// <param name="timeout">The most to wait.</param>
    /// <param name="cancellationToken">Ends the waiting like the timeout does; it does not throw.</param>
    public async Task<Readiness> WaitReadyAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
        limit.CancelAfter(timeout);
        string? missing = "no status was read yet";
        try
        {
            while (true)
            {
                missing = Missing(await StatusAsync(limit.Token));
                if (missing is null)
                {
                    return new Readiness(true, null);
                }

                await Task.Delay(TimeSpan.FromMilliseconds(100), limit.Token);
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return new Readiness(false, missing);
        }
    }

    /// <summary>Ends the connections; fetches that are under way end with <see cref="ObjectDisposedException"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _stopping.CancelAsync();
        await _parties.DisposeAsync();
        foreach (ClientSeal seal in _seals)
        {
            seal.Dispose();
        }

        if (_gateways is not null)
        {
            await _gateways.DisposeAsync();
        }
    }

    private TableDescription Describe(string table, ReadOnlySpan<int> rows)
    {
        TableDescription? description = Find(table);
        if (description is null)
        {
            _tables = _loadTables();
            description = Find(table) ?? throw new UnknownTableException(_tables.Count == 0
                ? $"There is no table '{table}': the deployment in {_options.DeploymentDirectory} has none. Share one first."
                : $"There is no table '{table}'; the deployment has {string.Join(", ", _tables.Select(t => t.Name))}.");
        }

        foreach (int row in rows)
        {
            // The one comparison of a row; it fails for callers' mistakes only.
            if ((uint)row >= (uint)description.Rows)
            {
                throw new RowOutOfRangeException($"A row is out of range: table '{table}' has rows 0 to {description.Rows - 1}.");
            }
        }

        return description;
    }

    private TableDescription? Find(string table) => _tables.FirstOrDefault(t => t.Name == table);

    /// <summary>Reads the descriptions again; whether the table has another version now.</summary>
    private bool Reload(TableDescription old)
    {
        _tables = _loadTables();
        return Find(old.Name)?.Version != old.Version;
    }

    private string? Missing(PartyStatus?[] all)
    {
        foreach (Party party in _parties.All)
        {
            if (all[party.Number - 1] is not { } status)
            {
                return $"party {party.Number} is not up: {party.Health.Reason}";
            }

            if (status.Links.FirstOrDefault(l => !l.Up) is { } down)
            {
                return $"party {party.Number} has no link to party {down.Peer}";
            }

            foreach (TableDescription table in Tables)
            {
                if (status.Tables.FirstOrDefault(t => t.Version == table.Version) is not { } served)
                {
                    return $"party {party.Number} does not serve table '{table.Name}' in its present version; restart its silo";
                }

                if (served.StockItems <= 0)
                {
                    return $"party {party.Number} has no stock for table '{table.Name}'";
                }
            }
        }

        return null;
    }
}
