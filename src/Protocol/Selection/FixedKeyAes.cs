using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using System.Text;

[assembly: InternalsVisibleTo("Trident.Protocol.Tests")]

namespace Trident.Protocol.Selection;

/// <summary>
/// The pseudo-random generator of the distributed point functions: AES-128 under fixed public keys in the
/// Matyas-Meyer-Oseas mode, H(s) = AES(s) xor s, with one key for left children, one for right children and one for the
/// conversion of a leaf to four rows. Correlation robustness is what is claimed for it, nothing more.
/// </summary>
/// <remarks>
/// A node is one 128-bit block: the seed in its low 127 bits and the control bit in the highest, so that a correction word
/// corrects both with one exclusive-or. Lane j of a leaf is the low 31 bits of its j-th little-endian 32-bit word; the
/// control bit is therefore never part of a lane.
/// The base class holds what the two implementations share; neither branches nor indexes on seeds.
/// </remarks>
internal abstract unsafe class FixedKeyAes
{
    /// <summary>Nodes are processed in groups of this size; buffers are padded to it.</summary>
    internal const int Group = 4;

    internal const int BlockBytes = 16;

    private static readonly Lazy<FixedKeyAes> PortableInstance = new(() => new PortableFixedKeyAes());

    private static readonly Lazy<FixedKeyAes> BestInstance =
        new(() => HardwareFixedKeyAes.IsSupported ? new HardwareFixedKeyAes() : PortableInstance.Value);

    /// <summary>The fastest implementation that this processor runs.</summary>
    internal static FixedKeyAes Best => BestInstance.Value;

    /// <summary>The implementation over the platform's AES, on every processor.</summary>
    internal static FixedKeyAes Portable => PortableInstance.Value;

    /// <summary>The block whose only set bit is the control bit.</summary>
    internal static Vector128<byte> ControlBit => Vector128.Create(0u, 0u, 0u, 0x80000000u).AsByte();

    /// <summary>The 16-byte fixed key of a purpose: "left", "right" or "convert". Derived from its label, so that nothing is
    /// hidden in it.</summary>
    internal static byte[] KeyFor(string purpose) =>
        SHA256.HashData(Encoding.ASCII.GetBytes("trident selector v1 " + purpose))[..16];

    /// <summary>All ones where the node's control bit is set, else zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> ControlMask(Vector128<byte> node) =>
        Vector128.ShiftRightArithmetic(Vector128.Shuffle(node.AsInt32(), Vector128.Create(3, 3, 3, 3)), 31).AsByte();

    /// <summary>
    /// Replaces the first <paramref name="parents"/> nodes by their children, in place: node i becomes nodes 2i and 2i+1.
    /// Whole groups are worked on, so the buffer must have room for 2 * (parents rounded up to <see cref="Group"/>) nodes.
    /// </summary>
    /// <param name="nodes">The level's nodes.</param>
    /// <param name="parents">How many there are, at least 1.</param>
    /// <param name="left">Correction of left children whose parent has its control bit set.</param>
    /// <param name="right">The same for right children.</param>
    internal abstract void Expand(Vector128<byte>* nodes, int parents, Vector128<byte> left, Vector128<byte> right);

    /// <summary>
    /// Converts the leaves of both point functions and combines them to shares:
    /// party * ((g xor k xor offsets) mod p) mod p, four rows to a leaf.
    /// </summary>
    /// <param name="leaves">The leaves and corrections of both functions.</param>
    /// <param name="groups">Groups of four leaves.</param>
    /// <param name="shares">Receives 16 words for each group.</param>
    internal abstract void Combine(in LeafPair leaves, int groups, uint* shares);

    /// <summary>Converts <paramref name="count"/> leaves (any control bit is ignored) without a final correction.</summary>
    internal abstract void Convert(Vector128<byte>* nodes, int count, Vector128<byte>* converted);

    /// <summary>The last steps of a share, on four rows: 31 bits of the lanes, reduced mod p, times the party.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static Vector128<uint> Scale(Vector128<uint> lanes, Vector128<uint> second, Vector128<uint> third)
    {
        Vector128<uint> p = Vector128.Create(Field.Mersenne31.P);
        Vector128<uint> x = lanes & p;
        // x - p wraps around for x < p, so the smaller of both is the residue.
        x = Vector128.Min(x, x - p);
        Vector128<uint> y = x + (x & second);
        y = Vector128.Min(y, y - p);
        y += x & third;
        return Vector128.Min(y, y - p);
    }
}

/// <summary>What <see cref="FixedKeyAes.Combine"/> works on.</summary>
internal unsafe struct LeafPair
{
    /// <summary>Leaves of the first function.</summary>
    internal Vector128<byte>* First;

    /// <summary>Leaves of the second function.</summary>
    internal Vector128<byte>* Second;

    /// <summary>Final correction words.</summary>
    internal Vector128<byte> FirstFinal, SecondFinal;

    /// <summary>Exclusive-or of both offsets.</summary>
    internal uint Offset;

    /// <summary>1, 2 or 3; public.</summary>
    internal int Party;

    /// <summary>The same leaves from group <paramref name="group"/> on.</summary>
    internal readonly LeafPair From(int group)
    {
        LeafPair later = this;
        later.First += group * FixedKeyAes.Group;
        later.Second += group * FixedKeyAes.Group;
        return later;
    }
}
