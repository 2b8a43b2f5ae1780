using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Trident.Abstractions;
using Trident.Protocol.Sealing;
using Trident.Protocol.Selection;
using Trident.Protocol.Sharing;
using Trident.Protocol.Tables;

namespace Trident.Client;

/// <summary>
/// One attempt's requests, sealed. The rows go into nothing but the selector keys, whose making does not depend on them in
/// time, and vectors into nothing but their shares; keys, shares and plaintexts are zeroed before this returns.
/// </summary>
internal sealed class SealedQuery
{
    private readonly byte[][] _aads = new byte[3][];
    private readonly ulong[] _counters = new ulong[3];
    private readonly QueryRequest?[] _requests = new QueryRequest?[3];

    private SealedQuery()
    {
    }

    /// <summary>The id that all parties know the query by.</summary>
    public Guid Id { get; private init; }

    /// <summary>Makes the requests of a fetch.</summary>
    /// <param name="table">The table; its version is asked.</param>
    /// <param name="rows">Rows in range, 1 to 1,024 of them.</param>
    /// <param name="tickets">As many tickets.</param>
    /// <param name="parties">The parties that are asked.</param>
    /// <param name="seals">The seals of parties 1 to 3.</param>
    /// <param name="deadline">What is left of the fetch's time.</param>
    public static SealedQuery Make(TableDescription table, ReadOnlySpan<int> rows, IReadOnlyList<LeasedTicket> tickets,
        IReadOnlyList<int> parties, ClientSeal[] seals, TimeSpan deadline) =>
        Make(table, MakeKeys(table.Rows, rows), tickets, parties, seals, deadline);

    /// <summary>Makes the requests of a query to a score table: each vector is shared with a fresh random line for every word.</summary>
    /// <param name="table">The score table; its version is asked.</param>
    /// <param name="vectors">Vectors of <c>table.Rows</c> words below p. They stay the caller's.</param>
    /// <inheritdoc cref="Make(TableDescription, ReadOnlySpan{int}, IReadOnlyList{LeasedTicket}, IReadOnlyList{int}, ClientSeal[], TimeSpan)"/>
    public static SealedQuery MakeScores(TableDescription table, ReadOnlySpan<uint[]> vectors, IReadOnlyList<LeasedTicket> tickets,
        IReadOnlyList<int> parties, ClientSeal[] seals, TimeSpan deadline) =>
        Make(table, ShareVectors(vectors), tickets, parties, seals, deadline);

    /// <summary>Seals the keys of parties 1 to 3, one for each ticket, and zeroes them.</summary>
    private static SealedQuery Make(TableDescription table, byte[][][] keys, IReadOnlyList<LeasedTicket> tickets,
        IReadOnlyList<int> parties, ClientSeal[] seals, TimeSpan deadline)
    {
        Guid id = new(RandomNumberGenerator.GetBytes(16));
        SealedQuery query = new() { Id = id };
        int count = keys[0].Length;
        (byte[] Batch, int Item)[] envelope = [.. tickets.Select(t => (t.Batch, t.Item))];
        byte mask = 0;
        foreach (int party in parties)
        {
            mask |= (byte)(1 << (party - 1));
        }

        try
        {
            foreach (int party in parties)
            {
                byte[] aad = QueryPlaintext.Aad(party, id, table.Version, count);
                byte[] plaintext = QueryPlaintext.Write(envelope, keys[party - 1]);
                SealedRequest request;
                try
                {
                    request = seals[party - 1].Seal(plaintext, aad);
                }
                finally
                {
                    CryptographicOperations.ZeroMemory(plaintext);
                }

                query._aads[party - 1] = aad;
                query._counters[party - 1] = request.Counter;
                query._requests[party - 1] = new QueryRequest(
                    table.Version, id, count, mask, request.Bytes, (int)Math.Clamp(deadline.TotalMilliseconds, 1, int.MaxValue));
            }
        }
        finally
        {
            foreach (byte[] key in keys.SelectMany(k => k))
            {
                CryptographicOperations.ZeroMemory(key);
            }
        }

        return query;
    }

    /// <summary>What a party is sent.</summary>
    public QueryRequest Request(int party) => _requests[party - 1]! with { TraceParent = TraceParent };

    /// <summary>What the parties are told of the trace; null for nothing.</summary>
    public string? TraceParent { get; set; }

    /// <summary>What opens the parts of a party's answer share, little-endian words.</summary>
    public AnswerParts OpenParts(int party, ClientSeal seal, int parts, bool agreed) =>
        seal.OpenParts(_counters[party - 1], parts, QueryPlaintext.AnswerAad(_aads[party - 1], agreed));

    private static byte[][][] ShareVectors(ReadOnlySpan<uint[]> vectors)
    {
        byte[][][] shares = [new byte[vectors.Length][], new byte[vectors.Length][], new byte[vectors.Length][]];
        for (int i = 0; i < vectors.Length; i++)
        {
            foreach (byte[][] party in shares)
            {
                party[i] = new byte[vectors[i].Length * sizeof(uint)];
            }

            Shamir.Share(vectors[i], Words(shares[0][i]), Words(shares[1][i]), Words(shares[2][i]));
        }

        return shares;

        static Span<uint> Words(byte[] bytes) => MemoryMarshal.Cast<byte, uint>(bytes.AsSpan());
    }

    private static byte[][][] MakeKeys(int tableRows, ReadOnlySpan<int> rows)
    {
        byte[][][] keys = [new byte[rows.Length][], new byte[rows.Length][], new byte[rows.Length][]];
        for (int i = 0; i < rows.Length; i++)
        {
            SelectorKey[] three = SelectorKey.Generate(tableRows, rows[i]);
            for (int p = 0; p < 3; p++)
            {
                keys[p][i] = three[p].ToBytes();
                three[p].Dispose();
            }
        }

        return keys;
    }
}
