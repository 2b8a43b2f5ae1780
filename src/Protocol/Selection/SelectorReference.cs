using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Trident.Protocol.Selection;

/// <summary>
/// The selector's equations, written the plain way: one block at a time, recursively, with the platform's AES and its own
/// reading of the key's bytes. Slow; for tests and for readers.
/// </summary>
public static class SelectorReference
{
    private const uint P = 0x7fffffff;

    /// <summary>The key's share of every row, in order.</summary>
    public static uint[] Evaluate(SelectorKey key)
    {
        uint[] shares = new uint[key.Rows];
        for (int row = 0; row < shares.Length; row++)
        {
            shares[row] = Share(key, row);
        }

        return shares;
    }

    /// <summary>The key's share of one row: party * ((g(row) xor z_g xor k(row) xor z_k) mod p) mod p.</summary>
    public static uint Share(SelectorKey key, int row)
    {
        byte[] bytes = key.ToBytes();
        int depth = 0;
        while (4L << depth < key.Rows)
        {
            depth++;
        }

        int part = 32 + 17 * depth;
        uint offsets = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(10))
            ^ BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(14));
        uint g = Point(bytes.AsSpan(18, part), key.Party != 1, depth, row);
        uint k = Point(bytes.AsSpan(18 + part, part), key.Party == 3, depth, row);
        ulong mixed = (g ^ k ^ offsets) % P;
        return (uint)(mixed * (ulong)key.Party % P);
    }

    private static uint Point(ReadOnlySpan<byte> function, bool control, int depth, int row) =>
        Descend(function, function[..16].ToArray(), control, 0, depth, row);

    private static uint Descend(ReadOnlySpan<byte> function, byte[] seed, bool control, int level, int depth, int row)
    {
        if (level == depth)
        {
            uint lane = BinaryPrimitives.ReadUInt32LittleEndian(Hash("convert", seed).AsSpan(4 * (row & 3)));
            uint correction = BinaryPrimitives.ReadUInt32LittleEndian(function[^16..][(4 * (row & 3))..]);
            return (lane ^ (control ? correction : 0)) & P;
        }

        int bit = (row >> 2 >> (depth - 1 - level)) & 1;
        byte[] child = Hash(bit == 0 ? "left" : "right", seed);
        bool childControl = (child[15] & 0x80) != 0;
        child[15] &= 0x7f;
        ReadOnlySpan<byte> word = function.Slice(16 + 17 * level, 17);
        if (control)
        {
            for (int i = 0; i < 16; i++)
            {
                child[i] ^= word[i];
            }

            childControl ^= ((word[16] >> bit) & 1) != 0;
        }

        return Descend(function, child, childControl, level + 1, depth, row);
    }

    private static byte[] Hash(string purpose, byte[] seed)
    {
        using Aes aes = Aes.Create();
        aes.Key = FixedKeyAes.KeyFor(purpose);
        byte[] block = aes.EncryptEcb(seed, PaddingMode.None);
        for (int i = 0; i < 16; i++)
        {
            block[i] ^= seed[i];
        }

        return block;
    }
}
