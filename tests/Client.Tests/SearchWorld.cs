using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Trident.Abstractions;
using Trident.Protocol.Field;
using Trident.Protocol.Sealing;
using Trident.Protocol.Selection;
using Trident.Protocol.Tables;

namespace Trident.Client.Tests;

/// <summary>Three parties in memory that serve a collection's tables, and a client of them; see <see cref="TestWorld"/>.</summary>
internal sealed class SearchWorld : IAsyncDisposable
{
    private readonly PartyIdentity[] _identities;

    private SearchWorld(PlainCollection[] collections)
    {
        Served = collections;
        Guid deployment = Guid.NewGuid();
        _identities = [.. Enumerable.Range(1, 3).Select(p => PartyIdentity.Generate(p, deployment))];
        Descriptor = new PartiesDescriptor(1, deployment, [.. _identities.Select(i =>
            new PartyEndpoint(i.Party, "127.0.0.1", i.Party, 10 + i.Party, 20 + i.Party, Convert.ToBase64String(i.PublicKey)))]);
        Parties = [.. _identities.Select(i => new CollectionParty(i, this))];
    }

    /// <summary>What the parties serve.</summary>
    public PlainCollection[] Served { get; set; }

    /// <summary>What the client finds described; what is served unless told.</summary>
    public PlainCollection[]? Described { get; set; }

    public PartiesDescriptor Descriptor { get; }

    public CollectionParty[] Parties { get; }

    public TridentClient Client { get; private set; } = null!;

    public static async Task<SearchWorld> StartAsync(params PlainCollection[] collections)
    {
        SearchWorld world = new(collections);
        world.Client = await TridentClient.ConnectAsync(TestWorld.Options(), world.Descriptor, world.Parties,
            () => [.. (world.Described ?? world.Served).SelectMany(c => new[] { c.Scores, c.Records })], CancellationToken.None,
            loadCollections: () => [.. (world.Described ?? world.Served).Select(c => c.Description)]);
        return world;
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        foreach (PartyIdentity identity in _identities)
        {
            identity.Dispose();
        }
    }
}

/// <summary>One party of a <see cref="SearchWorld"/>: multiplies what it is sent with the plain table.</summary>
internal sealed class CollectionParty(PartyIdentity identity, SearchWorld world) : IPartyLink
{
    private readonly PartySeal _seal = new(identity);
    private readonly byte[] _batch = RandomNumberGenerator.GetBytes(32);
    private int _nextItem;

    /// <summary>The table's name and the count of every query that came, in no certain order.</summary>
    public ConcurrentQueue<(string Table, int Count)> Asked { get; } = new();

    public bool Down { get; set; }

    /// <summary>Changes the answer share to a query of a table before it is sealed.</summary>
    public Action<TableDescription, uint[]> Lie { get; set; } = (_, _) => { };

    public Task ConnectAsync(CancellationToken cancellationToken) => Down ? throw new IOException("refused") : Task.CompletedTask;

    public Task DisconnectAsync() => Task.CompletedTask;

    public Task<TicketLease> LeaseAsync(Guid tableVersion, int count, string? traceParent, CancellationToken cancellationToken)
    {
        if (Table(tableVersion) is null)
        {
            return Task.FromResult(new TicketLease([], new QueryFailure(QueryFailureKind.UnknownTable, $"there is no table of version {tableVersion}")));
        }

        int end = Interlocked.Add(ref _nextItem, count);
        return Task.FromResult(new TicketLease([new TicketRange(_batch, [.. Enumerable.Range(end - count, count)])], null));
    }

    public Task<QueryAnswer> AnswerAsync(QueryRequest request, CancellationToken cancellationToken)
    {
        if (Down)
        {
            throw new IOException("gone");
        }

        if (Table(request.TableVersion) is not var (table, matrix))
        {
            return Task.FromResult(QueryAnswer.Refused(QueryFailureKind.UnknownTable, $"there is no table of version {request.TableVersion}"));
        }

        Asked.Enqueue((table.Name, request.Count));
        byte[] aad = QueryPlaintext.Aad(identity.Party, request.QueryId, request.TableVersion, request.Count);
        QueryPlaintext query = QueryPlaintext.Parse(_seal.OpenRequest(request.Sealed, aad, out AnswerSealer sealer), request.Count);
        uint[] v = new uint[request.Count * table.Rows];
        for (int i = 0; i < request.Count; i++)
        {
            Span<uint> one = v.AsSpan(i * table.Rows, table.Rows);
            if (table.IsScores)
            {
                MemoryMarshal.Cast<byte, uint>(query.Key(i)).CopyTo(one);
                continue;
            }

            using SelectorKey key = SelectorKey.Parse(query.Key(i), identity.Party, table.Rows);
            key.Evaluate(one);
        }

        uint[] z = new uint[request.Count * table.Words];
        ProductReference.Multiply(v, request.Count, matrix, table.Rows, table.Words, z);
        Lie(table, z);
        bool all = request.ParticipantsMask == 7;
        byte[] sealedShare;
        using (sealer)
        {
            sealedShare = sealer.Seal(MemoryMarshal.AsBytes(z.AsSpan()), QueryPlaintext.AnswerAad(aad, all));
        }

        return Task.FromResult(new QueryAnswer(sealedShare, all, default, 200, 200, null));
    }

    public Task<QueryPart> PartAsync(Guid query, int part, CancellationToken cancellationToken) => throw new InvalidOperationException("these answers have one part");

    public Task<PutAnswer> PutAsync(PutRequest request, CancellationToken cancellationToken) => throw new InvalidOperationException("nothing is changed here");

    public Task<PartyStatus> StatusAsync(CancellationToken cancellationToken) =>
        Down ? throw new IOException("gone") : Task.FromResult(new PartyStatus(identity.Party, [], [], 0, 0, 0, [], 0, "memory", 0, 0, null));

    public ValueTask DisposeAsync()
    {
        _seal.Dispose();
        return ValueTask.CompletedTask;
    }

    private (TableDescription Table, uint[] Matrix)? Table(Guid version)
    {
        foreach (PlainCollection collection in world.Served)
        {
            if (collection.Scores.Version == version)
            {
                return (collection.Scores, [.. collection.ScoreRows.SelectMany(r => r)]);
            }

            if (collection.Records.Version == version)
            {
                TableDescription records = collection.Records;
                uint[] matrix = new uint[records.Rows * records.Words];
                for (int r = 0; r < records.Rows; r++)
                {
                    RecordPacking.Pack(collection.RecordRows[r], matrix.AsSpan(r * records.Words, records.Words));
                }

                return (records, matrix);
            }
        }

        return null;
    }
}
