using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using Trident.Protocol.Field;

namespace Trident.Protocol.Sharing;

/// <summary>
/// One party's shares of the pseudo-random values of one purpose and domain. Items and positions may be read in any order and by
/// several threads at once; reading the same ones again gives the same shares.
/// </summary>
/// <remarks>
/// ψ(item, position) is a 31-bit lane of AES-128 on the counter block item (int32), attempt (int32), position/4 (int64), all
/// little-endian; lane position mod 4. A lane that equals p is drawn again with the next attempt. For the pair {i, j} without m,
/// party i's coefficient is 1 − i/m: the value at i of the line that is 1 at zero and 0 at m.
/// </remarks>
public sealed class PrssStream : IDisposable
{
    private const int ChunkWords = 512;

    private readonly PrssPurpose purpose;
    private readonly Aes128 withLower;
    private readonly Aes128 withHigher;
    private readonly uint line1, line2, zero1, zero2;

    internal PrssStream(int party, PrssPurpose purpose, Aes128 withLower, Aes128 withHigher)
    {
        this.purpose = purpose;
        this.withLower = withLower;
        this.withHigher = withHigher;

        // The pair with the lower-numbered party is without the higher-numbered one, and the other way round.
        int lower = party == 1 ? 2 : 1;
        int higher = party == 3 ? 2 : 3;
        line1 = Coefficient(party, missing: higher);
        line2 = Coefficient(party, missing: lower);
        zero1 = Mersenne31.Mul((uint)party, line1);
        zero2 = Mersenne31.Mul((uint)party, line2);
    }

    /// <summary>Writes this party's degree-1 shares of an item's random values at positions 0, 1, 2 and so on.</summary>
    /// <exception cref="InvalidOperationException">The stream was opened for shares of zero.</exception>
    public void Degree1(int item, Span<uint> share)
    {
        if (purpose == PrssPurpose.Zero)
        {
            throw new InvalidOperationException("A stream for shares of zero gives no degree-1 shares; open one for another purpose.");
        }

        Draw(item, share, line1, line2);
    }

    /// <summary>Writes this party's degree-2 shares of zero for an item at positions 0, 1, 2 and so on.</summary>
    /// <exception cref="InvalidOperationException">The stream was not opened for shares of zero.</exception>
    public void Zero2(int item, Span<uint> share)
    {
        // Both kinds come from the same ψ: using it for both would let one cancel the other.
        if (purpose != PrssPurpose.Zero)
        {
            throw new InvalidOperationException($"Shares of zero come from a stream opened for {PrssPurpose.Zero}, not for {purpose}.");
        }

        Draw(item, share, zero1, zero2);
    }

    /// <summary>Zeroes the keys.</summary>
    public void Dispose()
    {
        withLower.Dispose();
        withHigher.Dispose();
    }

    // Draws 31-bit lanes again that equal p; separate, so that a test can bring the one case in 2^31 about.
    internal static void Redraw(Aes128 cipher, int item, long firstPosition, Span<uint> lanes)
    {
        Span<uint> block = stackalloc uint[4];
        for (int i = 0; i < lanes.Length; i++)
        {
            long position = firstPosition + i;
            for (int attempt = 1; lanes[i] == Mersenne31.P; attempt++)
            {
                Counter(item, attempt, position / 4, MemoryMarshal.Cast<uint, ulong>(block));
                cipher.Encrypt(MemoryMarshal.AsBytes(block));
                lanes[i] = Lane(block[(int)(position & 3)]);
            }
        }
    }

    private static uint Coefficient(int party, int missing) =>
        Mersenne31.Sub(1, Mersenne31.Mul((uint)party, Mersenne31.Inverse((uint)missing)));

    private static uint Lane(uint word) => (BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word)) & Mersenne31.P;

    private static void Counter(int item, int attempt, long block, Span<ulong> to)
    {
        ulong first = (uint)item | (ulong)(uint)attempt << 32;
        to[0] = BitConverter.IsLittleEndian ? first : BinaryPrimitives.ReverseEndianness(first);
        to[1] = BitConverter.IsLittleEndian ? (ulong)block : BinaryPrimitives.ReverseEndianness((ulong)block);
    }

    // Whole blocks of four lanes; firstPosition is a multiple of four.
    private static void Lanes(Aes128 cipher, int item, long firstPosition, Span<uint> lanes)
    {
        Span<ulong> halves = MemoryMarshal.Cast<uint, ulong>(lanes);
        long block = firstPosition / 4;
        for (int at = 0; at + 1 < halves.Length; at += 2)
        {
            Counter(item, 0, block++, halves.Slice(at, 2));
        }

        cipher.Encrypt(MemoryMarshal.AsBytes(lanes));
        int i = 0;
        if (BitConverter.IsLittleEndian)
        {
            Span<Vector128<uint>> vectors = MemoryMarshal.Cast<uint, Vector128<uint>>(lanes);
            foreach (ref Vector128<uint> vector in vectors)
            {
                vector &= Vector128.Create(Mersenne31.P);
            }

            i = lanes.Length & ~3;
        }

        for (; i < lanes.Length; i++)
        {
            lanes[i] = Lane(lanes[i]);
        }

        if (!FieldVector.AllBelowP(lanes))
        {
            Redraw(cipher, item, firstPosition, lanes);
        }
    }

    [SkipLocalsInit]
    private void Draw(int item, Span<uint> share, uint first, uint second)
    {
        Span<uint> a = stackalloc uint[ChunkWords];
        Span<uint> b = stackalloc uint[ChunkWords];
        for (int from = 0; from < share.Length; from += ChunkWords)
        {
            int length = Math.Min(ChunkWords, share.Length - from);
            int whole = (length + 3) & ~3;
            Lanes(withLower, item, from, a[..whole]);
            Lanes(withHigher, item, from, b[..whole]);
            FieldVector.Combine(a[..length], first, b[..length], second, share.Slice(from, length));
        }

        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(a));
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(b));
    }
}
