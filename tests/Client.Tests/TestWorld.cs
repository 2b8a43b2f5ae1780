using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Trident.Abstractions;
using Trident.Protocol.Field;
using Trident.Protocol.Sealing;
using Trident.Protocol.Selection;
using Trident.Protocol.Tables;

namespace Trident.Client.Tests;

/// <summary>
/// Three parties in memory and a client of them. A party multiplies its share of the unit vector with the plain table, which
/// gives a line through the row as the real answer is; everything between client and party is real.
/// </summary>
internal sealed class TestWorld : IAsyncDisposable
{
    private readonly PartyIdentity[] _identities;

    private TestWorld(int seed, int rows, RecordShape shape, string product)
    {
        Random random = new(seed);
        Table = new TableDescription("vectors", Guid.NewGuid(), rows, shape) { Product = product };
        Plain = [.. Enumerable.Range(0, rows).Select(_ => Record(random, shape))];
        uint[] matrix = new uint[rows * Table.Words];
        for (int r = 0; r < rows; r++)
        {
            RecordPacking.Pack(shape, Plain[r], matrix.AsSpan(r * Table.Words, Table.Words));
        }

        Guid deployment = Guid.NewGuid();
        _identities = [.. Enumerable.Range(1, 3).Select(p => PartyIdentity.Generate(p, deployment))];
        Owner = OwnerIdentity.Generate(deployment);
        Descriptor = new PartiesDescriptor(1, deployment, [.. _identities.Select(i =>
            new PartyEndpoint(i.Party, "127.0.0.1", i.Party, 10 + i.Party, 20 + i.Party, Convert.ToBase64String(i.PublicKey)))])
        {
            Owner = Convert.ToBase64String(Owner.PublicKey),
        };
        Matrix = matrix;
        Parties = [.. _identities.Select(i => new MemoryParty(i, Table, matrix))];
    }

    public TableDescription Table { get; }

    public byte[][] Plain { get; }

    public uint[] Matrix { get; }

    public PartiesDescriptor Descriptor { get; }

    public OwnerIdentity Owner { get; }

    public PartyIdentity Identity(int party) => _identities[party - 1];

    public MemoryParty[] Parties { get; }

    public TridentClient Client { get; private set; } = null!;

    public static async Task<TestWorld> StartAsync(int seed = 1, int rows = 50, int dimension = 9, Action<TestWorld>? prepare = null,
        TridentClientOptions? options = null, string product = TableDescription.StockProduct, RecordShape? shape = null)
    {
        TestWorld world = new(seed, rows, shape ?? new RecordShape(ElementKind.U8, dimension), product);
        prepare?.Invoke(world);
        world.Client = await TridentClient.ConnectAsync(options ?? Options(), world.Descriptor, world.Parties, () => [world.Table], CancellationToken.None);
        return world;
    }

    private static byte[] Record(Random random, RecordShape shape)
    {
        byte[] record = new byte[shape.Bytes];
        random.NextBytes(record);
        if (shape.Element == ElementKind.Word)
        {
            foreach (ref uint word in MemoryMarshal.Cast<byte, uint>(record.AsSpan()))
            {
                word %= Mersenne31.P;
            }
        }

        return record;
    }

    /// <summary>A grace so long that only a party that never answers misses it.</summary>
    public static TridentClientOptions Options(int grace = 10_000, int deadline = 60_000, int ahead = 16, int probeInterval = 20) => new()
    {
        DeploymentDirectory = "none",
        Grace = TimeSpan.FromMilliseconds(grace),
        Deadline = TimeSpan.FromMilliseconds(deadline),
        ConnectTimeout = TimeSpan.FromSeconds(5),
        ProbeInterval = TimeSpan.FromMilliseconds(probeInterval),
        ProbeTimeout = TimeSpan.FromMinutes(5),
        LeaseAhead = ahead,
    };

    public async ValueTask DisposeAsync()
    {
        if (Client is not null)
        {
            await Client.DisposeAsync();
        }

        foreach (PartyIdentity identity in _identities)
        {
            identity.Dispose();
        }
    }
}

/// <summary>One party. Its hooks make it fail, hang, refuse or lie.</summary>
internal sealed class MemoryParty(PartyIdentity identity, TableDescription table, uint[] matrix) : IPartyLink
{
    private readonly PartySeal _seal = new(identity);
    private readonly byte[] _batch = RandomNumberGenerator.GetBytes(32);
    private readonly ConcurrentDictionary<Guid, Func<int, byte[]>> _waiting = new();
    private int _nextItem;
    private int _leases;

    public int Number => identity.Party;

    /// <summary>What reached the party: query ids, and tickets.</summary>
    public ConcurrentQueue<QueryRequest> Requests { get; } = new();

    public ConcurrentQueue<(string Batch, int Item)> Tickets { get; } = new();

    public int Leases => _leases;

    /// <summary>What came along of a trace with each lease.</summary>
    public ConcurrentQueue<string?> LeaseParents { get; } = new();

    /// <summary>A refusal of this query, or null.</summary>
    public Func<QueryRequest, QueryFailure?> Refuse { get; set; } = _ => null;

    public Func<QueryFailure?> RefuseLease { get; set; } = () => null;

    /// <summary>Runs before an answer; may throw or never end.</summary>
    public Func<CancellationToken, Task> BeforeAnswer { get; set; } = _ => Task.CompletedTask;

    /// <summary>Changes the answer share before it is sealed.</summary>
    public Action<uint[]> Lie { get; set; } = _ => { };

    /// <summary>Changes the answer after it was made.</summary>
    public Func<QueryAnswer, QueryAnswer> Change { get; set; } = a => a;

    public bool Down { get; set; }

    public bool StatusDown { get; set; }

    /// <summary>Runs before a status; may never end.</summary>
    public Func<CancellationToken, Task> BeforeStatus { get; set; } = _ => Task.CompletedTask;

    public long Stock { get; set; } = 100;

    public static Task Forever(CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);

    public Task ConnectAsync(CancellationToken cancellationToken) => Down ? throw new IOException("refused") : Task.CompletedTask;

    public Task DisconnectAsync() => Task.CompletedTask;

    public Task<TicketLease> LeaseAsync(Guid tableVersion, int count, string? traceParent, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _leases);
        LeaseParents.Enqueue(traceParent);
        if (Down)
        {
            throw new IOException("gone");
        }

        if (RefuseLease() is { } failure)
        {
            return Task.FromResult(new TicketLease([], failure));
        }

        int end = Interlocked.Add(ref _nextItem, count);
        return Task.FromResult(new TicketLease([new TicketRange(_batch, [.. Enumerable.Range(end - count, count)])], null));
    }

    public async Task<QueryAnswer> AnswerAsync(QueryRequest request, CancellationToken cancellationToken)
    {
        Requests.Enqueue(request);
        if (Down)
        {
            throw new IOException("gone");
        }

        await BeforeAnswer(cancellationToken);
        byte[] aad = QueryPlaintext.Aad(Number, request.QueryId, request.TableVersion, request.Count);
        byte[] plaintext = _seal.OpenRequest(request.Sealed, aad, out AnswerSealer sealer);
        QueryPlaintext query = QueryPlaintext.Parse(plaintext, request.Count);
        uint[] v = new uint[request.Count * table.Rows];
        for (int i = 0; i < request.Count; i++)
        {
            Tickets.Enqueue((Convert.ToHexString(query.Ticket(i).Batch.ToArray()), query.Ticket(i).Item));
            if (table.IsScores)
            {
                query.Key(i).CopyTo(MemoryMarshal.AsBytes(v.AsSpan(i * table.Rows, table.Rows)));
                continue;
            }

            using SelectorKey key = SelectorKey.Parse(query.Key(i), Number, table.Rows);
            key.Evaluate(v.AsSpan(i * table.Rows, table.Rows));
        }

        if (Refuse(request) is { } failure)
        {
            return QueryAnswer.Refused(failure.Kind, failure.Message);
        }

        uint[] z = new uint[request.Count * table.Words];
        ProductReference.Multiply(v, request.Count, matrix, table.Rows, table.Words, z);
        Lie(z);
        bool all = request.ParticipantsMask == 7;
        int parts = QueryAnswer.PartsOf(z.Length);
        byte[] answerAad = QueryPlaintext.AnswerAad(aad, all);
        _waiting[request.QueryId] = part => sealer.Seal(part, parts, MemoryMarshal.AsBytes(z.AsSpan(QueryAnswer.PartRange(part, z.Length).First, QueryAnswer.PartRange(part, z.Length).Count)), answerAad);
        return Change(new QueryAnswer(_waiting[request.QueryId](0), all, new PhaseTimes(1, 2, 3, Number), 200, 200, null, parts));
    }

    /// <summary>Changes a part after it was sealed; may throw or never end.</summary>
    public Func<int, QueryPart, CancellationToken, Task<QueryPart>> ChangePart { get; set; } = (_, part, _) => Task.FromResult(part);

    /// <summary>The parts that were asked for.</summary>
    public ConcurrentQueue<int> Parts { get; } = new();

    public Task<QueryPart> PartAsync(Guid query, int part, CancellationToken cancellationToken)
    {
        Parts.Enqueue(part);
        return ChangePart(part, new QueryPart(_waiting[query](part), null), cancellationToken);
    }

    /// <summary>What becomes of a change; may throw or never end.</summary>
    public Func<PutRequest, CancellationToken, Task<PutAnswer>> Put { get; set; } = (_, _) => Task.FromResult(new PutAnswer(1, null));

    /// <summary>The table's revision as the status tells it.</summary>
    public long Revision { get; set; }

    public Task<PutAnswer> PutAsync(PutRequest request, CancellationToken cancellationToken) =>
        Down ? throw new IOException("gone") : Put(request, cancellationToken);

    public async Task<PartyStatus> StatusAsync(CancellationToken cancellationToken)
    {
        await BeforeStatus(cancellationToken);
        return Down || StatusDown
            ? throw new IOException("gone")
            : new PartyStatus(Number,
                [new TableStatus(table.Name, table.Version, table.Rows, table.Words, "U8", table.Shape.Dimension, Stock, 0, 0, 0, 0, 0, table.Product, Revision)],
                [], 0, 0, 0, [], 0, "memory", 0, 0, null);
    }

    public ValueTask DisposeAsync()
    {
        _seal.Dispose();
        return ValueTask.CompletedTask;
    }
}
