using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Trident.Protocol.Field;

namespace Trident.Protocol.Sharing;

/// <summary>
/// (2,3) Shamir sharing at the points 1, 2, 3 (Shamir, CACM 1979): a value is the constant term of a random line.
/// All methods take whole vectors of one length, of words below p.
/// </summary>
public static class Shamir
{
    private const int ChunkWords = 1024;

    /// <summary>Shares every element by a fresh random line. The secret may be the same span as one of the shares.</summary>
    /// <exception cref="ArgumentException">The lengths differ, or a word of the secret is not below p.</exception>
    public static void Share(ReadOnlySpan<uint> secret, Span<uint> s1, Span<uint> s2, Span<uint> s3)
    {
        RequireLength(secret.Length, s1.Length);
        RequireLength(secret.Length, s2.Length);
        RequireLength(secret.Length, s3.Length);
        if (!FieldVector.AllBelowP(secret))
        {
            throw new ArgumentException("A word of the secret is not below 2^31 − 1; pack records before sharing them.", nameof(secret));
        }

        Span<uint> buffer = stackalloc uint[ChunkWords];
        for (int from = 0; from < secret.Length; from += ChunkWords)
        {
            int length = Math.Min(ChunkWords, secret.Length - from);
            Span<uint> slope = buffer[..length];
            Mersenne31.Fill(slope);
            FieldVector.Add(secret.Slice(from, length), slope, s1.Slice(from, length));
            FieldVector.Add(s1.Slice(from, length), slope, s2.Slice(from, length));
            FieldVector.Add(s2.Slice(from, length), slope, s3.Slice(from, length));
        }

        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(buffer));
    }

    /// <summary>The constant term of the line through two parties' shares: (yₐ·b − y_b·a) / (b − a).</summary>
    /// <exception cref="ArgumentException">The lengths differ, or the parties are the same, or not of 1 to 3.</exception>
    public static void OpenLine(int partyA, ReadOnlySpan<uint> a, int partyB, ReadOnlySpan<uint> b, Span<uint> secret)
    {
        if (partyA is < 1 or > 3 || partyB is < 1 or > 3 || partyA == partyB)
        {
            throw new ArgumentException($"A line is opened from two different parties of 1 to 3, not from {partyA} and {partyB}.");
        }

        uint inverse = Mersenne31.Inverse(Mersenne31.Sub((uint)partyB, (uint)partyA));
        uint forA = Mersenne31.Mul((uint)partyB, inverse);
        uint forB = Mersenne31.Mul(Mersenne31.Neg((uint)partyA), inverse);
        FieldVector.Combine(a, forA, b, forB, secret);
    }

    /// <summary>The constant term of the parabola through all three: 3y₁ − 3y₂ + y₃. The result may replace a share.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void OpenParabola(ReadOnlySpan<uint> y1, ReadOnlySpan<uint> y2, ReadOnlySpan<uint> y3, Span<uint> secret)
    {
        RequireLength(y1.Length, y2.Length);
        RequireLength(y1.Length, y3.Length);
        RequireLength(y1.Length, secret.Length);
        Span<uint> buffer = stackalloc uint[ChunkWords];
        for (int from = 0; from < secret.Length; from += ChunkWords)
        {
            // Through a buffer, so that y3 is still there if the result replaces it.
            int length = Math.Min(ChunkWords, secret.Length - from);
            Span<uint> difference = buffer[..length];
            FieldVector.Sub(y1.Slice(from, length), y2.Slice(from, length), difference);
            FieldVector.Combine(difference, 3, y3.Slice(from, length), 1, secret.Slice(from, length));
        }

        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(buffer));
    }

    /// <summary>
    /// Whether y₁ − 2y₂ + y₃ = 0 at every position. Looks at all of them, without an early exit. A word of 2^31 or more is on no line.
    /// </summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static bool OnALine(ReadOnlySpan<uint> y1, ReadOnlySpan<uint> y2, ReadOnlySpan<uint> y3) =>
        FieldVector.SecondDifferenceIsZero(y1, y2, y3, FieldVector.Widest);

    /// <summary>The first position off the line, −1 when there is none. For messages: it does stop early.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static int FirstOffLine(ReadOnlySpan<uint> y1, ReadOnlySpan<uint> y2, ReadOnlySpan<uint> y3)
    {
        RequireLength(y1.Length, y2.Length);
        RequireLength(y1.Length, y3.Length);
        for (int i = 0; i < y1.Length; i++)
        {
            if (!OnALine(y1.Slice(i, 1), y2.Slice(i, 1), y3.Slice(i, 1)))
            {
                return i;
            }
        }

        return -1;
    }

    private static void RequireLength(int expected, int actual)
    {
        if (actual != expected)
        {
            throw new ArgumentException($"Shares of {expected} and {actual} words; they must have one length.");
        }
    }
}
