using System.Security.Cryptography;
using Trident.Abstractions;
using Trident.Protocol.Sealing;
using Trident.Protocol.Selection;
using Trident.Protocol.Tables;

namespace Trident.Client;

/// <summary>
/// One attempt's requests, sealed. The rows go into nothing but the selector keys, whose making does not depend on them in
/// time; keys and plaintexts are zeroed before this returns.
/// </summary>
internal sealed class SealedQuery
{
    private readonly byte[][] _aads = new byte[3][];
    private readonly ulong[] _counters = new ulong[3];
    private readonly QueryRequest?[] _requests = new QueryRequest?[3];

    private SealedQuery()
    {
    }

    /// <summary>Makes the requests.</summary>
    /// <param name="table">The table; its version is asked.</param>
    /// <param name="rows">Rows in range, 1 to 1,024 of them.</param>
    /// <param name="tickets">As many tickets.</param>
    /// <param name="parties">The parties that are asked.</param>
    /// <param name="seals">The seals of parties 1 to 3.</param>
    /// <param name="deadline">What is left of the fetch's time.</param>
    public static SealedQuery Make(TableDescription table, ReadOnlySpan<int> rows, IReadOnlyList<LeasedTicket> tickets,
        IReadOnlyList<int> parties, ClientSeal[] seals, TimeSpan deadline)
    {
        SealedQuery query = new();
        Guid id = new(RandomNumberGenerator.GetBytes(16));
        (byte[] Batch, int Item)[] envelope = [.. tickets.Select(t => (t.Batch, t.Item))];
        byte mask = 0;
        foreach (int party in parties)
        {
            mask |= (byte)(1 << (party - 1));
        }

        byte[][][] keys = MakeKeys(table.Rows, rows);
        try
        {
            foreach (int party in parties)
            {
                byte[] aad = QueryPlaintext.Aad(party, id, table.Version, rows.Length);
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
                    table.Version, id, rows.Length, mask, request.Bytes, (int)Math.Clamp(deadline.TotalMilliseconds, 1, int.MaxValue));
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

    /// <summary>Opens a party's answer share, little-endian words.</summary>
    public byte[] OpenAnswer(int party, ClientSeal seal, byte[] sealedAnswer) =>
        seal.OpenAnswer(_counters[party - 1], sealedAnswer, _aads[party - 1]);

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
