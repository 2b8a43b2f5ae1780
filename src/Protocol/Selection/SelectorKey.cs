using System.Buffers.Binary;
using System.Security.Cryptography;
using Trident.Protocol.Field;

namespace Trident.Protocol.Selection;

/// <summary>
/// One party's key of a (2,3) selector: a short secret that the party expands to its Shamir share of the unit vector of a
/// row, without learning the row. Built from two 2-party distributed point functions g and k over strings of 31 bits
/// (Boyle, Gilboa, Ishai, CCS 2016): party 1 holds (g0, k0), party 2 (g1, k0), party 3 (g1, k1), each with both offsets, and
/// party i's share of row r is i * ((g(r) xor z_g xor k(r) xor z_k) mod p). Away from the row the shares lie on a line
/// through zero; at the row they are a fresh sharing of one.
/// </summary>
public sealed class SelectorKey : IDisposable
{
    private readonly byte[] _bytes;
    private bool _disposed;

    private SelectorKey(byte[] bytes, int party, int rows)
    {
        _bytes = bytes;
        Party = party;
        Rows = rows;
    }

    /// <summary>The most rows that a key can select from: 2^26.</summary>
    public static int MaximumRows => SelectorKeyLayout.MaximumRows;

    /// <summary>The party that the key is for: 1, 2 or 3.</summary>
    public int Party { get; }

    /// <summary>How many rows the key selects from.</summary>
    public int Rows { get; }

    /// <summary>
    /// Makes the three keys that select <paramref name="row"/>. Time, branches and memory addresses do not depend on it.
    /// </summary>
    /// <param name="rows">Rows of the table, 1 to 2^26.</param>
    /// <param name="row">The row to select, below <paramref name="rows"/>.</param>
    /// <returns>The keys of parties 1, 2 and 3. Any two of them together give the row away.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public static SelectorKey[] Generate(int rows, int row) => Generate(rows, row, FixedKeyAes.Best);

    /// <summary>Bytes of a key for that many rows; the same for every row and party.</summary>
    /// <param name="rows">Rows of the table, 1 to 2^26.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is out of its range.</exception>
    public static int SizeFor(int rows)
    {
        CheckRows(rows, nameof(rows));
        return SelectorKeyLayout.HeaderBytes + 2 * SelectorKeyLayout.FunctionBytes(SelectorKeyLayout.Depth(rows));
    }

    /// <summary>A copy of the key's bytes: <see cref="SizeFor"/> of them, secret.</summary>
    public byte[] ToBytes()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return (byte[])_bytes.Clone();
    }

    /// <summary>Reads a key that arrived.</summary>
    /// <param name="bytes">The key's bytes, copied.</param>
    /// <param name="expectedParty">The party that reads: 1, 2 or 3.</param>
    /// <param name="expectedRows">Rows of the table that is asked.</param>
    /// <exception cref="SelectorKeyException">The bytes are not a key of this version for this party and table.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An expectation is out of its range.</exception>
    public static SelectorKey Parse(ReadOnlySpan<byte> bytes, int expectedParty, int expectedRows)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(expectedParty, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(expectedParty, 3);
        int size = SizeFor(expectedRows);
        if (bytes.Length < SelectorKeyLayout.HeaderBytes)
        {
            throw new SelectorKeyException(
                $"The selector key is cut short: {bytes.Length} bytes where a table of {expectedRows} rows takes {size}. Send the whole key.");
        }

        if (!bytes[..4].SequenceEqual(SelectorKeyLayout.Magic))
        {
            throw new SelectorKeyException(
                "These bytes are not a selector key: they do not start with TSEL. Send what SelectorKey.ToBytes returned.");
        }

        if (bytes[4] != SelectorKeyLayout.Version)
        {
            throw new SelectorKeyException(
                $"The selector key has format version {bytes[4]}, this party reads version {SelectorKeyLayout.Version}. Use the same release on both sides.");
        }

        if (bytes[5] != expectedParty)
        {
            throw new SelectorKeyException(
                $"The selector key is marked for party {bytes[5]} and reached party {expectedParty}. Send each party its own key.");
        }

        int rows = BinaryPrimitives.ReadInt32LittleEndian(bytes[6..]);
        if (rows != expectedRows)
        {
            throw new SelectorKeyException(
                $"The selector key is for a table of {rows} rows, the table has {expectedRows}. Make keys for the table's current version.");
        }

        if (bytes.Length != size)
        {
            throw new SelectorKeyException(
                $"The selector key has the wrong size: {bytes.Length} bytes where a table of {expectedRows} rows takes {size}. Send exactly one key.");
        }

        if (!SelectorKeyLayout.UnusedBitsAreZero(bytes, SelectorKeyLayout.Depth(rows)))
        {
            throw new SelectorKeyException(
                "The selector key is damaged: bits that its format leaves unused are set. Make a fresh key and send it again.");
        }

        return new SelectorKey(bytes.ToArray(), expectedParty, rows);
    }

    /// <summary>
    /// Writes this party's Shamir share of the unit vector: word r is below p and belongs to row r. Branches and memory
    /// addresses depend on the number of rows and the party only. May be called from several threads at once.
    /// </summary>
    /// <param name="shares">As many words as the key has rows.</param>
    /// <exception cref="ArgumentException">The span has another length.</exception>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public void Evaluate(Span<uint> shares) => Evaluate(shares, FixedKeyAes.Best);

    /// <summary>Zeroes the key.</summary>
    public void Dispose()
    {
        _disposed = true;
        CryptographicOperations.ZeroMemory(_bytes);
    }

    internal void Evaluate(Span<uint> shares, FixedKeyAes cipher)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (shares.Length != Rows)
        {
            throw new ArgumentException(
                $"The key has {Rows} rows but room for {shares.Length} shares was given; give one word per row.", nameof(shares));
        }

        SelectorEvaluation.Evaluate(cipher, _bytes, Party, shares);
    }

    internal static SelectorKey[] Generate(int rows, int row, FixedKeyAes cipher)
    {
        int size = SizeFor(rows);
        // One comparison of the row, against its range: it fails for callers' mistakes only.
        if ((uint)row >= (uint)rows)
        {
            throw new ArgumentOutOfRangeException(nameof(row), $"The row must be from 0 to {rows - 1}.");
        }

        int depth = SelectorKeyLayout.Depth(rows);
        int part = SelectorKeyLayout.FunctionBytes(depth);
        byte[] functions = new byte[4 * part];
        Span<byte> g0 = functions.AsSpan(0, part), g1 = functions.AsSpan(part, part);
        Span<byte> k0 = functions.AsSpan(2 * part, part), k1 = functions.AsSpan(3 * part, part);
        try
        {
            // beta_i = 1 + slope * i, so beta_i / i = 1 / i + slope.
            uint slope = Mersenne31.Random();
            uint scaled1 = Mersenne31.Add(1, slope);
            uint scaled2 = Mersenne31.Add(Mersenne31.Inverse(2), slope);
            uint scaled3 = Mersenne31.Add(Mersenne31.Inverse(3), slope);
            uint v0 = Random31();
            uint v2 = scaled1 ^ v0;
            uint v1 = scaled2 ^ v2;
            uint v3 = scaled3 ^ v1;
            uint offsetG = v0 ^ PointFunctionGenerator.Generate(cipher, depth, row, v0 ^ v1, g0, g1);
            uint offsetK = v2 ^ PointFunctionGenerator.Generate(cipher, depth, row, v2 ^ v3, k0, k1);

            SelectorKey[] keys = new SelectorKey[3];
            for (int party = 1; party <= 3; party++)
            {
                byte[] bytes = new byte[size];
                SelectorKeyLayout.WriteHeader(bytes, party, rows, offsetG, offsetK);
                (SelectorKeyLayout.RootControl(party, 0) ? g1 : g0).CopyTo(SelectorKeyLayout.Function(bytes.AsSpan(), depth, 0));
                (SelectorKeyLayout.RootControl(party, 1) ? k1 : k0).CopyTo(SelectorKeyLayout.Function(bytes.AsSpan(), depth, 1));
                keys[party - 1] = new SelectorKey(bytes, party, rows);
            }

            return keys;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(functions);
        }
    }

    private static uint Random31()
    {
        Span<byte> four = stackalloc byte[4];
        RandomNumberGenerator.Fill(four);
        return BinaryPrimitives.ReadUInt32LittleEndian(four) & Mersenne31.P;
    }

    private static void CheckRows(int rows, string name)
    {
        if (rows < 1 || rows > SelectorKeyLayout.MaximumRows)
        {
            throw new ArgumentOutOfRangeException(
                name, $"A selector takes 1 to {SelectorKeyLayout.MaximumRows} rows, not {rows}.");
        }
    }
}
