using System.Buffers.Binary;
using System.Numerics;

namespace Trident.Protocol.Selection;

/// <summary>
/// The bytes of a selector key, all integers little endian:
/// <code>
/// "TSEL" (4) | version (1) | party (1) | rows (4) | offset of g (4) | offset of k (4) | g | k
/// g, k:  root seed (16) | for each level: seed correction (16), control corrections (1: bit 0 left, bit 1 right)
///        | final correction (16: four lanes of 31 bits)
/// </code>
/// The highest bit of every seed is zero: it is the place of the control bit.
/// </summary>
internal static class SelectorKeyLayout
{
    internal const byte Version = 1;
    internal const int HeaderBytes = 18;
    internal const int FirstOffsetAt = 10;
    internal const int SecondOffsetAt = 14;
    internal const int LevelBytes = 17;
    internal const int MaximumRows = 1 << 26;

    internal static ReadOnlySpan<byte> Magic => "TSEL"u8;

    /// <summary>Leaves of a tree for that many rows: four rows to a leaf.</summary>
    internal static int Leaves(int rows) => (rows + 3) / 4;

    /// <summary>Levels of a tree for that many rows.</summary>
    internal static int Depth(int rows) => BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)Leaves(rows)));

    /// <summary>Bytes of one point function's key.</summary>
    internal static int FunctionBytes(int depth) => 16 + depth * LevelBytes + 16;

    /// <summary>Whether party's part of the first (g) or second (k) point function is the one with control bit 1.</summary>
    internal static bool RootControl(int party, int function) => function == 0 ? party >= 2 : party == 3;

    internal static void WriteHeader(Span<byte> key, int party, int rows, uint firstOffset, uint secondOffset)
    {
        Magic.CopyTo(key);
        key[4] = Version;
        key[5] = (byte)party;
        BinaryPrimitives.WriteInt32LittleEndian(key[6..], rows);
        BinaryPrimitives.WriteUInt32LittleEndian(key[FirstOffsetAt..], firstOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(key[SecondOffsetAt..], secondOffset);
    }

    /// <summary>One point function's part of a whole key; function is 0 for g, 1 for k.</summary>
    internal static Span<byte> Function(Span<byte> key, int depth, int function) =>
        key.Slice(HeaderBytes + function * FunctionBytes(depth), FunctionBytes(depth));

    /// <summary>One point function's part of a whole key; function is 0 for g, 1 for k.</summary>
    internal static ReadOnlySpan<byte> Function(ReadOnlySpan<byte> key, int depth, int function) =>
        key.Slice(HeaderBytes + function * FunctionBytes(depth), FunctionBytes(depth));

    /// <summary>Whether every bit that the format leaves unused is zero.</summary>
    internal static bool UnusedBitsAreZero(ReadOnlySpan<byte> key, int depth)
    {
        int excess = (key[FirstOffsetAt + 3] | key[SecondOffsetAt + 3]) & 0x80;
        for (int function = 0; function < 2; function++)
        {
            ReadOnlySpan<byte> part = Function(key, depth, function);
            excess |= part[15] & 0x80;
            for (int level = 0; level < depth; level++)
            {
                ReadOnlySpan<byte> word = part.Slice(16 + level * LevelBytes, LevelBytes);
                excess |= (word[15] & 0x80) | (word[16] & ~3);
            }

            ReadOnlySpan<byte> final = part[^16..];
            excess |= (final[3] | final[7] | final[11] | final[15]) & 0x80;
        }

        return excess == 0;
    }
}
