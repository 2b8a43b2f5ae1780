using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Trident.Abstractions;
using Trident.Grains.Exchange;
using Trident.Grains.Exchange.Transports;
using Trident.Grains.Queries;
using Trident.Grains.Stock;
using Trident.Grains.Tables;
using Trident.Protocol.Product;
using Trident.Protocol.Sealing;
using Trident.Protocol.Selection;
using Trident.Protocol.Sharing;
using Trident.Protocol.Tables;
using Trident.Protocol.Wire;

namespace Trident.Grains.Tests;

/// <summary>Three whole parties without a cluster: real files, stock, sealing and frames; only the sockets are method calls.</summary>
internal sealed class InMemoryParties : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("trident-parties-").FullName;

    private PartyIdentity[] _identities = [];
    private PartiesDescriptor _descriptor = null!;
    private long _starts = 1_000_000;

    private InMemoryParties()
    {
    }

    public OwnerIdentity Owner { get; private set; } = null!;

    public Party[] Parties { get; } = new Party[4];

    public TableDescription Table { get; private set; } = null!;

    public byte[][] Plain { get; private set; } = [];

    public Guid Deployment { get; } = Guid.NewGuid();

    /// <summary>Shares that a lying party puts in place of its own: (from, to, body) to the body that is sent.</summary>
    public Func<int, int, byte[], byte[]> Interceptor { get; set; } = (_, _, body) => body;

    /// <summary>Frames that are acknowledged and come to nothing, as when the receiver's process ends at that moment.</summary>
    public Func<FrameHeader, bool> Lost { get; set; } = _ => false;

    /// <summary>Whether answers are collected and opened; if not, <see cref="QueryAnswer.Sealed"/> is given as the query's id.</summary>
    public bool Collect { get; set; } = true;

    /// <summary>Room for answers at each party.</summary>
    public long AnswerBytes { get; init; } = 256 << 20;

    /// <summary>By which parties ask for votes that are missing, and closed batches go. It stands until a test moves it: who asked too early would make a slow party refuse.</summary>
    public FakeTimeProvider Clock { get; } = new();

    /// <summary>Parties that cannot be reached.</summary>
    public HashSet<int> Gone { get; } = [];

    public static async Task<InMemoryParties> StartAsync(int rows, int dimension, int seed, string product = TableDescription.StockProduct)
    {
        InMemoryParties world = new();
        Random random = new(seed);
        world.Plain = [.. Enumerable.Range(0, rows).Select(_ => { byte[] row = new byte[dimension]; random.NextBytes(row); return row; })];
        string file = Path.Combine(world._directory, "plain.bvecs");
        await using (BinaryWriter writer = new(File.Create(file)))
        {
            foreach (byte[] row in world.Plain)
            {
                writer.Write(row.Length);
                writer.Write(row);
            }
        }

        using IVectorSource source = VectorFile.Open(file);
        await world.StartAsync("vectors", source, product);
        return world;
    }

    /// <summary>Three parties with a score table of random words, which <see cref="Plain"/> has as bytes.</summary>
    public static async Task<InMemoryParties> StartScoresAsync(int rows, int columns, int seed, long answerBytes = 256 << 20)
    {
        InMemoryParties world = new() { AnswerBytes = answerBytes };
        WordSource source = new(rows, columns, seed);
        world.Plain = source.Records;
        await world.StartAsync("c.scores", source, TableDescription.StockProduct);
        return world;
    }

    private async Task StartAsync(string name, IVectorSource source, string product)
    {
        InMemoryParties world = this;
        DeploymentLayout layout = new(world._directory);
        PartyIdentity[] identities = [.. Enumerable.Range(1, 3).Select(p => PartyIdentity.Generate(p, world.Deployment))];
        world.Owner = OwnerIdentity.Generate(world.Deployment);
        PartiesDescriptor parties = new(1, world.Deployment,
            [.. identities.Select(i => new PartyEndpoint(i.Party, "127.0.0.1", 10 * i.Party, 10 * i.Party + 1, 10 * i.Party + 2, Convert.ToBase64String(i.PublicKey)))])
        {
            Owner = Convert.ToBase64String(world.Owner.PublicKey),
        };
        (world._identities, world._descriptor) = (identities, parties);
        foreach (int p in (int[])[1, 2, 3])
        {
            Directory.CreateDirectory(layout.PartyDirectory(p));
        }

        using (StagedTable staged = TableSharer.Stage(layout, world.Deployment, name, source, false, null, CancellationToken.None, product))
        {
            staged.Commit();
            staged.DeleteOlder();
            world.Table = staged.Description;
        }

        foreach (PartyIdentity identity in identities)
        {
            world.Parties[identity.Party] = new Party(world, layout, identity, parties);
        }

        world.HearAll();
        await Task.WhenAll(world.Parties[1..].Select(p => p.StartAsync()));
        await world.StockedAsync();
    }

    /// <summary>Ends a party's objects and makes them anew from its files, as a silo that crashed and was started again.</summary>
    public async Task RestartAsync(int party)
    {
        await Parties[party].StopAsync();
        Parties[party] = new Party(this, new DeploymentLayout(_directory), _identities[party - 1], _descriptor);
        HearAll();
        await Parties[party].StartAsync();
    }

    /// <summary>Waits until every party holds stock.</summary>
    public async Task StockedAsync()
    {
        foreach (Party party in Parties[1..])
        {
            for (Task changed = party.Served.StockChanged; party.Served.Ledger.Leasable(party.Identity.Party) == 0; changed = party.Served.StockChanged)
            {
                await changed.WaitAsync(TimeSpan.FromSeconds(60));
            }
        }
    }

    /// <summary>Every party hears of the others, as from their heartbeats.</summary>
    public void HearAll()
    {
        foreach (Party party in Parties[1..])
        {
            foreach (PeerLink peer in party.Peers.All.Where(p => !Gone.Contains(p.Party) && !Gone.Contains(party.Identity.Party)))
            {
                if (peer.Heard(Parties[peer.Party].Session.Session))
                {
                    party.Served.Ledger.CloseAll();
                }
            }
        }
    }

    /// <summary>The data owner's requests of one change, for parties 1 to 3 at their numbers.</summary>
    public PutRequest[] Change(int row, byte[] record, long revision, Guid? transaction = null, OwnerIdentity? owner = null)
    {
        Guid id = transaction ?? Guid.NewGuid();
        uint[] words = new uint[Table.Words];
        RecordPacking.Pack(record, words);
        uint[][] shares = [[], new uint[words.Length], new uint[words.Length], new uint[words.Length]];
        Shamir.Share(words, shares[1], shares[2], shares[3]);
        return [null!, .. Enumerable.Range(1, 3).Select(p =>
        {
            using ChangeSeal seal = (owner ?? Owner).SealTo(_descriptor[p]);
            return new PutRequest(Table.Version, id, seal.Seal(new RowChange(revision, row, shares[p]), Table.Version, id));
        })];
    }

    /// <summary>Asks all three, or those of <paramref name="asked"/>, with the given tickets.</summary>
    public Task<QueryAnswer[]> AskAsync(int row, Ticket ticket, int[]? asked = null, Func<int, byte[], byte[]>? changeKey = null) =>
        AskAsync([row], [ticket], asked, changeKey);

    /// <summary>Asks for several rows in one query.</summary>
    public Task<QueryAnswer[]> AskAsync(int[] rows, Ticket[] tickets, int[]? asked = null, Func<int, byte[], byte[]>? changeKey = null)
    {
        SelectorKey[][] keys = [.. rows.Select(r => SelectorKey.Generate(Table.Rows, r))];
        return AskAsync([.. Enumerable.Range(0, 3).Select(p => keys.Select(k => k[p].ToBytes()).ToArray())], tickets, asked, changeKey);
    }

    /// <summary>Asks a score table: shares of the vectors, as the client makes them.</summary>
    public Task<QueryAnswer[]> AskAsync(uint[][] vectors, Ticket[] tickets, int[]? asked = null, Func<int, byte[], byte[]>? changeKey = null, int deadline = 10_000)
    {
        byte[][][] keys = [new byte[vectors.Length][], new byte[vectors.Length][], new byte[vectors.Length][]];
        for (int i = 0; i < vectors.Length; i++)
        {
            uint[][] shares = [new uint[Table.Rows], new uint[Table.Rows], new uint[Table.Rows]];
            Shamir.Share(vectors[i], shares[0], shares[1], shares[2]);
            for (int p = 0; p < 3; p++)
            {
                keys[p][i] = MemoryMarshal.AsBytes(shares[p].AsSpan()).ToArray();
            }
        }

        return AskAsync(keys, tickets, asked, changeKey, deadline);
    }

    private async Task<QueryAnswer[]> AskAsync(byte[][][] keys, Ticket[] tickets, int[]? asked, Func<int, byte[], byte[]>? changeKey, int deadline = 10_000)
    {
        asked ??= [1, 2, 3];
        int count = tickets.Length;
        Guid id = Guid.NewGuid();
        byte mask = (byte)asked.Sum(p => 1 << (p - 1));
        return await Task.WhenAll(asked.Select(async p =>
        {
            byte[] plaintext = QueryPlaintext.Write([.. tickets.Select(t => (t.Batch.ToArray(), t.Item))], [.. keys[p - 1].Select(k => changeKey is null ? k : changeKey(p, k))]);
            byte[] aad = QueryPlaintext.Aad(p, id, Table.Version, count);
            using ClientSeal seal = new(p, Parties[p].Identity.PublicKey, Deployment);
            SealedRequest request = seal.Seal(plaintext, aad);
            QueryAnswer answer = await Parties[p].AskAsync(new QueryRequest(Table.Version, id, count, mask, request.Bytes, deadline));
            if (answer.Failure is not null || !Collect)
            {
                return answer with { Sealed = id.ToByteArray() };
            }

            byte[] share = new byte[count * Table.Words * sizeof(uint)];
            AnswerParts parts = seal.OpenParts(request.Counter, answer.Parts, QueryPlaintext.AnswerAad(aad, answer.AllAgreed));
            for (int part = 0; part < answer.Parts; part++)
            {
                (int first, int some) = QueryAnswer.PartRange(part, count * Table.Words);
                byte[] bytes = part == 0 ? answer.Sealed : Parties[p].Waiting.Take(id, part, out _).Sealed;
                parts.Open(part, bytes, share.AsSpan(first * sizeof(uint), some * sizeof(uint)));
            }

            return answer with { Sealed = share };
        }));
    }

    public Ticket Lease(int party = 1)
    {
        List<Ticket> tickets = [];
        if (!Parties[party].Served.Ledger.TryLease(party, 1, tickets))
        {
            throw new InvalidOperationException("no stock");
        }

        return tickets[0];
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(Parties[1..].Select(p => p.StopAsync()));
        Owner.Dispose();

        Directory.Delete(_directory, true);
    }

    /// <summary>Records of random words.</summary>
    private sealed class WordSource : IVectorSource
    {
        private int _next;

        public WordSource(int rows, int columns, int seed)
        {
            Random random = new(seed);
            Shape = new RecordShape(ElementKind.Word, columns);
            Records = [.. Enumerable.Range(0, rows).Select(_ => new byte[Shape.Bytes])];
            foreach (byte[] record in Records)
            {
                foreach (ref uint word in MemoryMarshal.Cast<byte, uint>(record.AsSpan()))
                {
                    word = (uint)random.Next(int.MaxValue);
                }
            }
        }

        public byte[][] Records { get; }

        public int Rows => Records.Length;

        public RecordShape Shape { get; }

        public bool Next(Span<byte> record)
        {
            if (_next == Records.Length)
            {
                return false;
            }

            Records[_next++].CopyTo(record);
            return true;
        }

        public void Reset() => _next = 0;

        public void Dispose()
        {
        }
    }

    /// <summary>Carries frames to the other parties' receivers.</summary>
    private sealed class DirectTransport(InMemoryParties world, int self) : IShareTransport
    {
        public string Name => "direct";

        public Task<AckReason> SendAsync(PeerLink peer, OutboundFrame frame, CancellationToken cancellationToken)
        {
            if (world.Gone.Contains(self) || world.Gone.Contains(peer.Party))
            {
                throw new TransportException("gone", new IOException("gone"));
            }

            if (world.Lost(frame.Header))
            {
                return Task.FromResult(AckReason.Ok);
            }

            FrameReceiver receiver = world.Parties[peer.Party].Receiver;
            AckReason reason = receiver.Admit(frame.Header);
            return Task.FromResult(reason == AckReason.Ok ? receiver.Accept(frame.Header, frame.Bytes.Span[FrameHeader.Size..]) : reason);
        }
    }

    /// <summary>One party's objects, put together as the silo does it.</summary>
    internal sealed class Party
    {
        private readonly InMemoryParties _world;
        private readonly QueryRunner _runner;
        private readonly FrameSender _sender;

        public Party(InMemoryParties world, DeploymentLayout layout, PartyIdentity identity, PartiesDescriptor parties)
        {
            (_world, Identity) = (world, identity);
            ExchangeOptions options = new() { StockBudgetBytes = 16 << 10, Grace = TimeSpan.FromSeconds(5), PutTimeout = TimeSpan.FromSeconds(60), AnswerBytes = world.AnswerBytes };
            PairKeys keys = identity.DerivePairKeys(parties);
            Session = new LinkSession(identity.Party, keys, world._starts++);
            Peers = new PeerLinks(identity.Party, parties);
            ShareFile file = ShareFile.Open(layout.ShareFile(identity.Party, world.Table.Name, world.Table.Version), identity.Party);
            Served = new ServedTable(file, new StockLedger(identity.Party, StockSizes.LedgerBytes(world.Table, options), world.Clock), world.Table.Product == TableDescription.BeaverProduct
                ? new TableChanges(file, layout.JournalFile(identity.Party, world.Table.Name, world.Table.Version))
                : null);
            ServedTables tables = new([Served]);
            Mailbox mailbox = new(options, TimeProvider.System);
            _sender = new FrameSender(new DirectTransport(world, identity.Party), Session, Peers, NullLogger<FrameSender>.Instance);
            Receiver = new FrameReceiver(Session, Peers, tables, mailbox, NullLogger<FrameReceiver>.Instance);
            Keeper = new StockKeeper(tables, Peers, _sender, Receiver, mailbox, new Prss(keys), Session, options, NullLogger<StockKeeper>.Instance);
            Tables = new TableKeeper(tables, Peers, _sender, Receiver, new OwnerSeal(identity.DeriveChangeSeal(world.Owner.PublicKey)), options,
                world.Clock, NullLogger<TableKeeper>.Instance);
            Waiting = new WaitingAnswers(options, TimeProvider.System);
            _runner = new QueryRunner(tables, new PartySeal(identity), Peers, _sender, mailbox, Counters, Waiting, options, NullLogger<QueryRunner>.Instance);
        }

        public PartyIdentity Identity { get; }

        public LinkSession Session { get; }

        public PeerLinks Peers { get; }

        public ServedTable Served { get; }

        public FrameReceiver Receiver { get; }

        public StockKeeper Keeper { get; }

        public TableKeeper Tables { get; }

        public PartyCounters Counters { get; } = new();

        public WaitingAnswers Waiting { get; }

        public Task StartAsync() => Task.WhenAll(Keeper.StartAsync(CancellationToken.None), Tables.StartAsync(CancellationToken.None));

        public async Task StopAsync()
        {
            await Tables.StopAsync(CancellationToken.None);
            await Keeper.StopAsync(CancellationToken.None);
            Keeper.Dispose();
            Waiting.Dispose();
            Served.Dispose();
        }

        public Task<QueryAnswer> AskAsync(QueryRequest request) => _runner.RunAsync(request, SendAsync, CancellationToken.None);

        /// <summary>A lying party changes what it sends: its own frame is sealed again over another body.</summary>
        private Task<AckReason?> SendAsync(int peer, OutboundFrame frame, CancellationToken cancellationToken)
        {
            byte[]? body = _world.Parties[peer].Session.Open(frame.Header, frame.Bytes.Span[FrameHeader.Size..]).Body;
            return body is null
                ? Task.FromResult<AckReason?>(AckReason.Unauthentic)
                : _sender.SendAsync(frame.Header.Kind, peer, frame.Header.Query, frame.Header.TableVersion, _world.Interceptor(Identity.Party, peer, body), cancellationToken);
        }
    }
}
