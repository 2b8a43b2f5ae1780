using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using Trident.Protocol.Field;

namespace Trident.Protocol.Selection;

/// <summary>
/// Key generation of a 2-party distributed point function with four rows to a leaf (Boyle, Gilboa, Ishai: Function Secret
/// Sharing: Improvements and Extensions, CCS 2016, figure 1 with early termination).
/// </summary>
internal static unsafe class PointFunctionGenerator
{
    /// <summary>
    /// Writes two keys whose evaluations differ by <paramref name="payload"/> (exclusive-or) at <paramref name="row"/> and
    /// nowhere else. Branches and addresses do not depend on the row or the payload.
    /// </summary>
    /// <param name="cipher">The generator's AES.</param>
    /// <param name="depth">Levels of the tree.</param>
    /// <param name="row">The selected row, below 4 * 2^depth.</param>
    /// <param name="payload">31 bits.</param>
    /// <param name="key0">Receives the key of root control bit 0.</param>
    /// <param name="key1">Receives the key of root control bit 1.</param>
    /// <returns>The first key's value at the row: 31 bits.</returns>
    internal static uint Generate(FixedKeyAes cipher, int depth, int row, uint payload, Span<byte> key0, Span<byte> key1)
    {
        const int Blocks = 12;
        Vector128<byte>* nodes = stackalloc Vector128<byte>[Blocks];
        Vector128<byte>* converted = nodes + 8;
        try
        {
            Vector128<byte> control = FixedKeyAes.ControlBit;
            RandomNumberGenerator.Fill(key0[..16]);
            RandomNumberGenerator.Fill(key1[..16]);
            key0[15] &= 0x7f;
            key1[15] &= 0x7f;
            Vector128<byte> state0 = Vector128.Create<byte>(key0[..16]);
            Vector128<byte> state1 = Vector128.Create<byte>(key1[..16]) | control;
            int leaf = row >> 2;
            for (int level = 0; level < depth; level++)
            {
                int bit = (leaf >> (depth - 1 - level)) & 1;
                Vector128<byte> right = Vector128.Create(-bit).AsByte();
                nodes[0] = state0;
                nodes[1] = state1;
                // Without corrections the expansion gives the bare children.
                cipher.Expand(nodes, 2, default, default);
                Vector128<byte> lost0 = Vector128.ConditionalSelect(right, nodes[0], nodes[1]);
                Vector128<byte> lost1 = Vector128.ConditionalSelect(right, nodes[2], nodes[3]);
                Vector128<byte> kept0 = Vector128.ConditionalSelect(right, nodes[1], nodes[0]);
                Vector128<byte> kept1 = Vector128.ConditionalSelect(right, nodes[3], nodes[2]);

                Vector128<byte> seedWord = Vector128.AndNot(lost0 ^ lost1, control);
                Vector128<byte> leftControl = ((nodes[0] ^ nodes[2]) & control) ^ Vector128.AndNot(control, right);
                Vector128<byte> rightControl = ((nodes[1] ^ nodes[3]) & control) ^ (control & right);
                Vector128<byte> kept = seedWord | Vector128.ConditionalSelect(right, rightControl, leftControl);
                state0 = kept0 ^ (FixedKeyAes.ControlMask(state0) & kept);
                state1 = kept1 ^ (FixedKeyAes.ControlMask(state1) & kept);

                Span<byte> word = key0.Slice(16 + level * SelectorKeyLayout.LevelBytes, SelectorKeyLayout.LevelBytes);
                seedWord.CopyTo(word);
                word[16] = (byte)((leftControl[15] >> 7) | ((rightControl[15] >> 7) << 1));
            }

            nodes[0] = state0;
            nodes[1] = state1;
            cipher.Convert(nodes, 2, converted);
            Vector128<uint> value0 = converted[0].AsUInt32(), value1 = converted[1].AsUInt32();
            Vector128<uint> lane = Vector128.Equals(
                Vector128.Create(0u, 1u, 2u, 3u), Vector128.Create((uint)row & 3));
            Vector128<uint> bits = Vector128.Create(Mersenne31.P);
            Vector128<uint> final = (value0 ^ value1 ^ (lane & Vector128.Create(payload))) & bits;
            final.AsByte().CopyTo(key0[^16..]);
            key0[16..].CopyTo(key1[16..]);

            Vector128<uint> first = (value0 ^ (FixedKeyAes.ControlMask(state0).AsUInt32() & final)) & bits & lane;
            return Vector128.Sum(first);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(new Span<byte>(nodes, Blocks * FixedKeyAes.BlockBytes));
        }
    }
}
