using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Trident.Protocol.Sharing;
using AesNi = System.Runtime.Intrinsics.X86.Aes;

namespace Trident.Protocol.Selection;

/// <summary>
/// <see cref="FixedKeyAes"/> with the processor's AES instructions, eight blocks in flight: enough to cover the latency of
/// an AES round on processors that start two of them per cycle.
/// </summary>
internal sealed unsafe class HardwareFixedKeyAes : FixedKeyAes
{
    private const int RoundKeys = 11;

    // Outside the garbage-collected heap, so that hot loops need no pinning. Lives as long as the process; not secret.
    private readonly Vector128<byte>* _left, _right, _convert;

    internal HardwareFixedKeyAes()
    {
        _left = (Vector128<byte>*)NativeMemory.AlignedAlloc(3 * RoundKeys * BlockBytes, 64);
        _right = _left + RoundKeys;
        _convert = _right + RoundKeys;
        Aes128.ExpandKey(KeyFor("left"), new Span<Vector128<byte>>(_left, RoundKeys));
        Aes128.ExpandKey(KeyFor("right"), new Span<Vector128<byte>>(_right, RoundKeys));
        Aes128.ExpandKey(KeyFor("convert"), new Span<Vector128<byte>>(_convert, RoundKeys));
    }

    /// <summary>Whether this processor has the instructions.</summary>
    internal static bool IsSupported => AesNi.IsSupported;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Expand(Vector128<byte>* nodes, int parents, Vector128<byte> left, Vector128<byte> right)
    {
        Vector128<byte>* kl = _left;
        Vector128<byte>* kr = _right;
        Vector128<byte> control = ControlBit;
        // From the last group down, because children lie at or after their parents.
        for (int i = (parents + Group - 1) / Group * Group - Group; i >= 0; i -= Group)
        {
            Vector128<byte> n0 = nodes[i], n1 = nodes[i + 1], n2 = nodes[i + 2], n3 = nodes[i + 3];
            Vector128<byte> s0 = Vector128.AndNot(n0, control), s1 = Vector128.AndNot(n1, control);
            Vector128<byte> s2 = Vector128.AndNot(n2, control), s3 = Vector128.AndNot(n3, control);
            Vector128<byte> a = kl[0], b = kr[0];
            Vector128<byte> l0 = s0 ^ a, l1 = s1 ^ a, l2 = s2 ^ a, l3 = s3 ^ a;
            Vector128<byte> r0 = s0 ^ b, r1 = s1 ^ b, r2 = s2 ^ b, r3 = s3 ^ b;
            for (int round = 1; round < RoundKeys - 1; round++)
            {
                a = kl[round];
                b = kr[round];
                l0 = AesNi.Encrypt(l0, a);
                r0 = AesNi.Encrypt(r0, b);
                l1 = AesNi.Encrypt(l1, a);
                r1 = AesNi.Encrypt(r1, b);
                l2 = AesNi.Encrypt(l2, a);
                r2 = AesNi.Encrypt(r2, b);
                l3 = AesNi.Encrypt(l3, a);
                r3 = AesNi.Encrypt(r3, b);
            }

            a = kl[RoundKeys - 1];
            b = kr[RoundKeys - 1];
            Vector128<byte> m0 = ControlMask(n0), m1 = ControlMask(n1), m2 = ControlMask(n2), m3 = ControlMask(n3);
            Vector128<byte>* children = nodes + 2 * i;
            children[0] = AesNi.EncryptLast(l0, a) ^ s0 ^ (m0 & left);
            children[1] = AesNi.EncryptLast(r0, b) ^ s0 ^ (m0 & right);
            children[2] = AesNi.EncryptLast(l1, a) ^ s1 ^ (m1 & left);
            children[3] = AesNi.EncryptLast(r1, b) ^ s1 ^ (m1 & right);
            children[4] = AesNi.EncryptLast(l2, a) ^ s2 ^ (m2 & left);
            children[5] = AesNi.EncryptLast(r2, b) ^ s2 ^ (m2 & right);
            children[6] = AesNi.EncryptLast(l3, a) ^ s3 ^ (m3 & left);
            children[7] = AesNi.EncryptLast(r3, b) ^ s3 ^ (m3 & right);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Combine(in LeafPair leaves, int groups, uint* shares)
    {
        Vector128<byte>* keys = _convert;
        Vector128<byte>* first = leaves.First;
        Vector128<byte>* second = leaves.Second;
        Vector128<byte> f = leaves.FirstFinal, s = leaves.SecondFinal, control = ControlBit;
        Vector128<byte> offset = Vector128.Create(leaves.Offset).AsByte();
        Vector128<uint> twice = Vector128.Create(leaves.Party >= 2 ? uint.MaxValue : 0);
        Vector128<uint> thrice = Vector128.Create(leaves.Party >= 3 ? uint.MaxValue : 0);
        for (int group = 0; group < groups; group++, first += Group, second += Group, shares += 16)
        {
            Vector128<byte> a0 = Vector128.AndNot(first[0], control), a1 = Vector128.AndNot(first[1], control);
            Vector128<byte> a2 = Vector128.AndNot(first[2], control), a3 = Vector128.AndNot(first[3], control);
            Vector128<byte> b0 = Vector128.AndNot(second[0], control), b1 = Vector128.AndNot(second[1], control);
            Vector128<byte> b2 = Vector128.AndNot(second[2], control), b3 = Vector128.AndNot(second[3], control);

            // Everything but the AES outputs, while the seeds are at hand.
            Vector128<byte> x0 = a0 ^ b0 ^ offset ^ (ControlMask(first[0]) & f) ^ (ControlMask(second[0]) & s);
            Vector128<byte> x1 = a1 ^ b1 ^ offset ^ (ControlMask(first[1]) & f) ^ (ControlMask(second[1]) & s);
            Vector128<byte> x2 = a2 ^ b2 ^ offset ^ (ControlMask(first[2]) & f) ^ (ControlMask(second[2]) & s);
            Vector128<byte> x3 = a3 ^ b3 ^ offset ^ (ControlMask(first[3]) & f) ^ (ControlMask(second[3]) & s);

            Vector128<byte> key = keys[0];
            a0 ^= key;
            a1 ^= key;
            a2 ^= key;
            a3 ^= key;
            b0 ^= key;
            b1 ^= key;
            b2 ^= key;
            b3 ^= key;
            for (int round = 1; round < RoundKeys - 1; round++)
            {
                key = keys[round];
                a0 = AesNi.Encrypt(a0, key);
                a1 = AesNi.Encrypt(a1, key);
                a2 = AesNi.Encrypt(a2, key);
                a3 = AesNi.Encrypt(a3, key);
                b0 = AesNi.Encrypt(b0, key);
                b1 = AesNi.Encrypt(b1, key);
                b2 = AesNi.Encrypt(b2, key);
                b3 = AesNi.Encrypt(b3, key);
            }

            key = keys[RoundKeys - 1];
            x0 ^= AesNi.EncryptLast(a0, key) ^ AesNi.EncryptLast(b0, key);
            x1 ^= AesNi.EncryptLast(a1, key) ^ AesNi.EncryptLast(b1, key);
            x2 ^= AesNi.EncryptLast(a2, key) ^ AesNi.EncryptLast(b2, key);
            x3 ^= AesNi.EncryptLast(a3, key) ^ AesNi.EncryptLast(b3, key);
            Scale(x0.AsUInt32(), twice, thrice).Store(shares);
            Scale(x1.AsUInt32(), twice, thrice).Store(shares + 4);
            Scale(x2.AsUInt32(), twice, thrice).Store(shares + 8);
            Scale(x3.AsUInt32(), twice, thrice).Store(shares + 12);
        }
    }

    /// <inheritdoc/>
    internal override void Convert(Vector128<byte>* nodes, int count, Vector128<byte>* converted)
    {
        for (int i = 0; i < count; i++)
        {
            Vector128<byte> seed = Vector128.AndNot(nodes[i], ControlBit);
            Vector128<byte> x = seed ^ _convert[0];
            for (int round = 1; round < RoundKeys - 1; round++)
            {
                x = AesNi.Encrypt(x, _convert[round]);
            }

            converted[i] = AesNi.EncryptLast(x, _convert[RoundKeys - 1]) ^ seed;
        }
    }
}
