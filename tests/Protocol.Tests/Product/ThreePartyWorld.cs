using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Trident.Protocol.Field;
using Trident.Protocol.Product;
using Trident.Protocol.Selection;
using Trident.Protocol.Sharing;

namespace Trident.Protocol.Tests.Product;

/// <summary>The messages of the protocol, as the interceptor sees them.</summary>
public enum Message
{
    Masked, Coin, CheckMask, CheckZero, EShare, ZShare,
}

/// <summary>Changes a message from one party on its way to another (0: the client), or leaves it as it is. The bytes are the receiver's own copy.</summary>
public delegate byte[] Interceptor(Message kind, int from, int to, byte[] bytes);

/// <summary>
/// Three parties in memory: pair keys and table come from a seed, and every message can be changed on its way. Selector keys and
/// the sharing of the table draw from the system, as they do in earnest.
/// </summary>
public sealed class ThreePartyWorld : IDisposable
{
    private readonly PairKeys[] _keys;
    private readonly Prss[] _prss;
    private readonly uint[][] _matrix = new uint[4][];
    private readonly Random _random;

    public ThreePartyWorld(int seed, int rows, int columns, bool beaver = false, uint[]? table = null, TimeProvider? clock = null)
    {
        (Seed, Rows, Columns, Beaver, _random) = (seed, rows, columns, beaver, new Random(seed));
        byte[] version = new byte[16];
        _random.NextBytes(version);
        TableVersion = new Guid(version);
        byte[] Pair(int a, int b) => SHA256.HashData(Encoding.ASCII.GetBytes($"world {seed} pair {a} {b}"));
        _keys = [null!, new(1, Pair(1, 2), Pair(1, 3)), new(2, Pair(1, 2), Pair(2, 3)), new(3, Pair(1, 3), Pair(2, 3))];
        _prss = [null!, new(_keys[1]), new(_keys[2]), new(_keys[3])];
        Table = table ?? [.. Enumerable.Range(0, rows * columns).Select(_ => (uint)_random.Next(1 << 30))];

        for (int p = 1; p <= 3; p++)
        {
            _matrix[p] = new uint[Table.Length];
            Ledgers[p] = new StockLedger(p, time: clock);
        }

        Shamir.Share(Table, _matrix[1], _matrix[2], _matrix[3]);
    }

    public int Seed { get; }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>Whether the product is beaver: stock of fresh matrices, and queries that open e and f.</summary>
    public bool Beaver { get; }

    public Guid TableVersion { get; }

    public uint[] Table { get; }

    public StockLedger[] Ledgers { get; } = new StockLedger[4];

    public Interceptor? Intercept { get; set; }

    public ReadOnlySpan<uint> Row(int row) => Table.AsSpan(row * Columns, Columns);

    public uint[] Matrix(int party) => _matrix[party];

    public BatchId NextBatchId(int items)
    {
        byte[] sessions = new byte[48], nonces = new byte[96];
        _random.NextBytes(sessions);
        _random.NextBytes(nonces);
        return BatchIds.Derive(TableVersion, items, sessions, nonces);
    }

    public StockBatchMaker Maker(int party, BatchId batch, int items) => Beaver
        ? StockBatchMaker.ForBeaver(_prss[party], TableVersion, Rows, Columns, batch, items)
        : StockBatchMaker.ForTable(_prss[party], TableVersion, () => _matrix[party], Rows, Columns, batch, items);

    /// <summary>
    /// Runs all rounds at all parties. A party whose check throws stops, and the batch is good at none: a round needs all three.
    /// Gives what each party threw (null: nothing), and the batches if nobody did.
    /// </summary>
    public (StockBatch[]? Batches, StockCheckException?[] Thrown) Make(int items)
    {
        BatchId id = NextBatchId(items);
        StockCheckException?[] thrown = new StockCheckException?[4];
        StockBatchMaker[] makers = [null!, Maker(1, id, items), Maker(2, id, items), Maker(3, id, items)];
        StockBatch[] batches = new StockBatch[4];
        bool good = Round(Message.Masked, m => m.Masked(), (m, _, x) => m.Opened(x[1], x[2], x[3]))
            && Round(Message.Coin, m => m.Coin(), (m, _, x) => m.Coins(x[1], x[2], x[3]))
            && Round(Message.CheckMask, m => m.CheckMask(), (m, _, x) => m.CheckMasks(x[1], x[2], x[3]))
            && Round(Message.CheckZero, m => m.CheckZero(), (m, p, x) => batches[p] = m.Finish(x[1], x[2], x[3]));
        foreach (StockBatchMaker maker in makers[1..])
        {
            maker.Dispose();
        }

        return (good ? batches : null, thrown);

        bool Round(Message kind, Func<StockBatchMaker, byte[]> send, Action<StockBatchMaker, int, byte[][]> receive)
        {
            byte[][] sent = [[], send(makers[1]), send(makers[2]), send(makers[3])];
            for (int p = 1; p <= 3; p++)
            {
                try
                {
                    receive(makers[p], p, [[], Deliver(kind, 1, p, sent[1]), Deliver(kind, 2, p, sent[2]), Deliver(kind, 3, p, sent[3])]);
                }
                catch (StockCheckException e)
                {
                    thrown[p] = e;
                }
            }

            return thrown.All(t => t is null);
        }
    }

    /// <summary>Makes a batch and puts it into service at all three.</summary>
    public BatchId Stock(int items)
    {
        (StockBatch[]? batches, StockCheckException?[] thrown) = Make(items);
        if (batches is null)
        {
            throw new InvalidOperationException($"seed {Seed}: no batch was made", thrown.First(t => t is not null));
        }

        for (int p = 1; p <= 3; p++)
        {
            Ledgers[p].Add(batches[p]);
        }

        return batches[1].Id;
    }

    /// <summary>A whole query for several rows, by the parties that take part; the shares of all of them are opened everywhere.</summary>
    public (uint[] Words, bool Verified) Fetch(int[] rows, int leaseFrom = 1, params int[] parties)
    {
        parties = parties is [] ? [1, 2, 3] : parties;
        List<Ticket> tickets = [];
        if (!Ledgers[leaseFrom].TryLease(leaseFrom, rows.Length, tickets) || tickets.Count != rows.Length)
        {
            throw new InvalidOperationException($"seed {Seed}: no stock");
        }

        SelectorKey[][] keys = [.. rows.Select(row => SelectorKey.Generate(Rows, row))];
        PartyShares[] shares = [.. Enumerable.Range(0, 4).Select(_ => new PartyShares(rows.Length, Rows, Columns, Beaver))];
        foreach (int p in parties)
        {
            for (int i = 0; i < rows.Length; i++)
            {
                Mask(p, tickets[i], keys[i][p - 1], shares[p], i);
            }
        }

        uint[][] sent = [.. shares.Select((s, p) => parties.Contains(p) ? s.Message : [])];
        uint[][] z = [[], [], [], []];
        bool verified = parties.Length == 3;
        foreach (int p in parties)
        {
            int lower = p == 1 ? 2 : 1, higher = p == 3 ? 2 : 3;
            uint[] opened = [.. sent[p]];
            verified &= Answering.OpenE(p, opened, Share(Message.EShare, lower, p, sent[lower]), Share(Message.EShare, higher, p, sent[higher]));
            z[p] = shares[p].Answer(opened, _matrix[p]);
        }

        OpenedAnswer answer = Answering.OpenAnswer(
            Share(Message.ZShare, 1, 0, z[1]), Share(Message.ZShare, 2, 0, z[2]), Share(Message.ZShare, 3, 0, z[3]));
        return (answer.Words.ToArray(), verified);
    }

    public void Dispose()
    {
        foreach (Prss prss in _prss[1..])
        {
            prss.Dispose();
        }

        foreach (PairKeys keys in _keys[1..])
        {
            keys.Dispose();
        }
    }

    /// <summary>Adds a number to one word of a message: the smallest lie.</summary>
    public static byte[] Lie(byte[] bytes, int word, uint add = 1)
    {
        Span<byte> at = bytes.AsSpan(word * sizeof(uint));
        BinaryPrimitives.WriteUInt32LittleEndian(at, Mersenne31.Add(BinaryPrimitives.ReadUInt32LittleEndian(at), add));
        return bytes;
    }

    /// <summary>Puts p, which is no field element, into one word of a message.</summary>
    public static byte[] NoElement(byte[] bytes, int word)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(word * sizeof(uint)), Mersenne31.P);
        return bytes;
    }

    private void Mask(int party, Ticket ticket, SelectorKey key, PartyShares shares, int index)
    {
        using StockItem item = Ledgers[party].Take(ticket);
        key.Evaluate(shares.E(index));
        item.OpenMask(shares.A(index));
        Answering.EShare(shares.E(index), shares.A(index), shares.E(index));
        if (Beaver)
        {
            item.OpenMatrix(shares.B(index));
            Answering.FShare(_matrix[party], shares.B(index), shares.F(index));
        }

        item.C.CopyTo(shares.C(index));
    }

    private uint[] Share(Message kind, int from, int to, uint[] words) =>
        words is [] ? words : MemoryMarshal.Cast<byte, uint>(Deliver(kind, from, to, MemoryMarshal.AsBytes(words.AsSpan()).ToArray())).ToArray();

    private byte[] Deliver(Message kind, int from, int to, byte[] bytes) =>
        from == to || Intercept is null ? bytes : Intercept(kind, from, to, [.. bytes]);
}

/// <summary>One party's vectors of one query: the message is e, and f after it where the product is beaver.</summary>
internal sealed class PartyShares(int count, int rows, int columns, bool beaver)
{
    private readonly uint[] _a = new uint[count * rows];
    private readonly uint[] _b = new uint[beaver ? count * rows * columns : 0];
    private readonly uint[] _c = new uint[count * columns];

    public uint[] Message { get; } = new uint[count * rows * (beaver ? columns + 1 : 1)];

    public Span<uint> E(int index) => Message.AsSpan(index * rows, rows);

    public Span<uint> F(int index) => Message.AsSpan(count * rows + index * rows * columns, rows * columns);

    public Span<uint> A(int index) => _a.AsSpan(index * rows, rows);

    public Span<uint> B(int index) => _b.AsSpan(index * rows * columns, rows * columns);

    public Span<uint> C(int index) => _c.AsSpan(index * columns, columns);

    public uint[] Answer(ReadOnlySpan<uint> opened, ReadOnlySpan<uint> matrix)
    {
        uint[] z = new uint[_c.Length];
        if (beaver)
        {
            Answering.BeaverAnswerShare(opened[.._a.Length], opened[_a.Length..], count, rows, columns, _a, _b, _c, z);
        }
        else
        {
            Answering.AnswerShare(opened, count, matrix, rows, columns, _c, z);
        }

        return z;
    }
}
