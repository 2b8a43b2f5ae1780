using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace Trident.Protocol.Selection;

/// <summary>
/// <see cref="FixedKeyAes"/> over the platform's AES (ECB on many blocks at once), for processors without AES instructions
/// that this project uses directly. Gives the same words as <see cref="HardwareFixedKeyAes"/>.
/// </summary>
internal sealed unsafe class PortableFixedKeyAes : FixedKeyAes
{
    private const int Batch = 64;

    private readonly byte[] _left = KeyFor("left"), _right = KeyFor("right"), _convert = KeyFor("convert");

    // The platform's cipher objects promise nothing about simultaneous use, hence one set per thread.
    private readonly ThreadLocal<(Aes Left, Aes Right, Aes Convert)> _ciphers;

    internal PortableFixedKeyAes() =>
        _ciphers = new(() => (Create(_left), Create(_right), Create(_convert)));

    /// <inheritdoc/>
    internal override void Expand(Vector128<byte>* nodes, int parents, Vector128<byte> left, Vector128<byte> right)
    {
        (Aes leftCipher, Aes rightCipher, _) = _ciphers.Value;
        Vector128<byte>* seeds = stackalloc Vector128<byte>[3 * Batch];
        Vector128<byte>* lefts = seeds + Batch;
        Vector128<byte>* rights = lefts + Batch;
        for (int start = (parents - 1) / Batch * Batch; start >= 0; start -= Batch)
        {
            int count = Math.Min(Batch, parents - start);
            Seeds(nodes + start, count, seeds);
            Encrypt(leftCipher, seeds, count, lefts);
            Encrypt(rightCipher, seeds, count, rights);
            for (int j = count - 1; j >= 0; j--)
            {
                // The parent is read before its first child may overwrite it.
                Vector128<byte> mask = ControlMask(nodes[start + j]);
                nodes[2 * (start + j) + 1] = rights[j] ^ seeds[j] ^ (mask & right);
                nodes[2 * (start + j)] = lefts[j] ^ seeds[j] ^ (mask & left);
            }
        }

        Wipe(seeds, 3 * Batch);
    }

    /// <inheritdoc/>
    internal override void Combine(in LeafPair leaves, int groups, uint* shares)
    {
        Vector128<byte>* first = stackalloc Vector128<byte>[2 * Batch];
        Vector128<byte>* second = first + Batch;
        Vector128<byte> offset = Vector128.Create(leaves.Offset).AsByte();
        Vector128<uint> twice = Vector128.Create(leaves.Party >= 2 ? uint.MaxValue : 0);
        Vector128<uint> thrice = Vector128.Create(leaves.Party >= 3 ? uint.MaxValue : 0);
        for (int start = 0; start < groups * Group; start += Batch)
        {
            int count = Math.Min(Batch, groups * Group - start);
            Convert(leaves.First + start, count, first);
            Convert(leaves.Second + start, count, second);
            for (int j = 0; j < count; j++)
            {
                Vector128<byte> x = first[j] ^ second[j] ^ offset
                    ^ (ControlMask(leaves.First[start + j]) & leaves.FirstFinal)
                    ^ (ControlMask(leaves.Second[start + j]) & leaves.SecondFinal);
                Scale(x.AsUInt32(), twice, thrice).Store(shares + 4 * (start + j));
            }
        }

        Wipe(first, 2 * Batch);
    }

    /// <inheritdoc/>
    internal override void Convert(Vector128<byte>* nodes, int count, Vector128<byte>* converted)
    {
        Vector128<byte>* seeds = stackalloc Vector128<byte>[Batch];
        for (int start = 0; start < count; start += Batch)
        {
            int some = Math.Min(Batch, count - start);
            Seeds(nodes + start, some, seeds);
            Encrypt(_ciphers.Value.Convert, seeds, some, converted + start);
            for (int j = 0; j < some; j++)
            {
                converted[start + j] ^= seeds[j];
            }
        }

        Wipe(seeds, Batch);
    }

    private static void Seeds(Vector128<byte>* nodes, int count, Vector128<byte>* seeds)
    {
        for (int j = 0; j < count; j++)
        {
            seeds[j] = Vector128.AndNot(nodes[j], ControlBit);
        }
    }

    private static void Encrypt(Aes cipher, Vector128<byte>* input, int count, Vector128<byte>* output) =>
        cipher.EncryptEcb(
            new ReadOnlySpan<byte>(input, count * BlockBytes),
            new Span<byte>(output, count * BlockBytes),
            PaddingMode.None);

    private static void Wipe(Vector128<byte>* blocks, int count) =>
        CryptographicOperations.ZeroMemory(new Span<byte>(blocks, count * BlockBytes));

    private static Aes Create(byte[] key)
    {
        Aes aes = Aes.Create();
        aes.Key = key;
        return aes;
    }
}
