using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace Trident.Protocol.Selection;

/// <summary>
/// Evaluation of a selector key at every row. The upper levels are expanded breadth-first once, then each of their nodes
/// gives a chunk of leaves that stays in the first-level cache. Subtrees beyond the last row are never expanded.
/// </summary>
internal static unsafe class SelectorEvaluation
{
    // 512 leaves of two functions and their 2,048 rows: 24 KiB.
    private const int ChunkDepth = 9;

    // Expansion works on whole groups, so it may write up to this many nodes beyond the wanted ones.
    private const int Slack = 2 * FixedKeyAes.Group;

    /// <summary>Writes the party's share of every row.</summary>
    /// <param name="cipher">The AES to use.</param>
    /// <param name="key">A whole well-formed key.</param>
    /// <param name="party">1, 2 or 3.</param>
    /// <param name="shares">As long as the key's rows.</param>
    internal static void Evaluate(FixedKeyAes cipher, ReadOnlySpan<byte> key, int party, Span<uint> shares)
    {
        int depth = SelectorKeyLayout.Depth(shares.Length);
        int leaves = SelectorKeyLayout.Leaves(shares.Length);
        int chunkDepth = Math.Min(depth, ChunkDepth);
        int upperDepth = depth - chunkDepth;
        int chunkLeaves = 1 << chunkDepth;
        int chunks = (leaves + chunkLeaves - 1) >> chunkDepth;

        int upperSize = chunks + Slack, chunkSize = chunkLeaves + Slack, wordsSize = 2 * depth;
        nuint bytes = (nuint)(2 * (upperSize + chunkSize + wordsSize) + 4) * FixedKeyAes.BlockBytes;
        Vector128<byte>* memory = (Vector128<byte>*)NativeMemory.AlignedAlloc(bytes, 64);
        try
        {
            NativeMemory.Clear(memory, bytes);
            Vector128<byte>* upperG = memory, upperK = upperG + upperSize;
            Vector128<byte>* chunkG = upperK + upperSize, chunkK = chunkG + chunkSize;
            Vector128<byte>* wordsG = chunkK + chunkSize, wordsK = wordsG + wordsSize;
            uint* last = (uint*)(wordsK + wordsSize);

            LeafPair pair = new()
            {
                First = chunkG,
                Second = chunkK,
                Offset = BinaryPrimitives.ReadUInt32LittleEndian(key[SelectorKeyLayout.FirstOffsetAt..])
                    ^ BinaryPrimitives.ReadUInt32LittleEndian(key[SelectorKeyLayout.SecondOffsetAt..]),
                Party = party,
            };
            pair.FirstFinal = Load(key, depth, party, 0, upperG, wordsG);
            pair.SecondFinal = Load(key, depth, party, 1, upperK, wordsK);
            ExpandLevels(cipher, upperG, wordsG, upperDepth, chunks);
            ExpandLevels(cipher, upperK, wordsK, upperDepth, chunks);

            fixed (uint* output = shares)
            {
                for (int chunk = 0; chunk < chunks; chunk++)
                {
                    int first = chunk << chunkDepth;
                    int count = Math.Min(chunkLeaves, leaves - first);
                    chunkG[0] = upperG[chunk];
                    chunkK[0] = upperK[chunk];
                    ExpandLevels(cipher, chunkG, wordsG + 2 * upperDepth, chunkDepth, count);
                    ExpandLevels(cipher, chunkK, wordsK + 2 * upperDepth, chunkDepth, count);

                    int rows = Math.Min(4 * count, shares.Length - 4 * first);
                    int groups = rows / 16;
                    cipher.Combine(pair, groups, output + 4 * first);
                    if (rows % 16 != 0)
                    {
                        // The last group would write beyond the last row.
                        cipher.Combine(pair.From(groups), 1, last);
                        new ReadOnlySpan<uint>(last, rows % 16).CopyTo(shares.Slice(4 * first + 16 * groups, rows % 16));
                    }
                }
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(new Span<byte>(memory, checked((int)bytes)));
            NativeMemory.AlignedFree(memory);
        }
    }

    /// <summary>Expands one node to the first <paramref name="wanted"/> nodes that are <paramref name="levels"/> below.</summary>
    private static void ExpandLevels(FixedKeyAes cipher, Vector128<byte>* nodes, Vector128<byte>* words, int levels, int wanted)
    {
        for (int level = 0; level < levels; level++)
        {
            int below = levels - level;
            int parents = (wanted + (1 << below) - 1) >> below;
            cipher.Expand(nodes, parents, words[2 * level], words[2 * level + 1]);
        }
    }

    /// <summary>Unpacks one function: its root, its correction words (left, right for each level); returns the final one.</summary>
    private static Vector128<byte> Load(
        ReadOnlySpan<byte> key, int depth, int party, int function, Vector128<byte>* root, Vector128<byte>* words)
    {
        ReadOnlySpan<byte> part = SelectorKeyLayout.Function(key, depth, function);
        root[0] = Vector128.Create(part[..16]);
        if (SelectorKeyLayout.RootControl(party, function))
        {
            root[0] |= FixedKeyAes.ControlBit;
        }

        for (int level = 0; level < depth; level++)
        {
            ReadOnlySpan<byte> word = part.Slice(16 + level * SelectorKeyLayout.LevelBytes, SelectorKeyLayout.LevelBytes);
            Vector128<byte> seed = Vector128.Create(word[..16]);
            words[2 * level] = seed | Vector128<byte>.Zero.WithElement(15, (byte)(word[16] << 7));
            words[2 * level + 1] = seed | Vector128<byte>.Zero.WithElement(15, (byte)((word[16] >> 1) << 7));
        }

        return Vector128.Create(part[^16..]);
    }
}
