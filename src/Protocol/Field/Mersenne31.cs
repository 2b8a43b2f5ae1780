using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Trident.Protocol.Field;

/// <summary>
/// Arithmetic of the prime field with p = 2^31 − 1 elements. An element is a <see cref="uint"/> in [0, p).
/// </summary>
/// <remarks>
/// No method branches on the value of an operand. Operands of <see cref="Add"/>, <see cref="Sub"/> and <see cref="Neg"/> have to be
/// below p; words that come from outside are checked once, where they enter, with <see cref="FieldVector.AllBelowP"/>.
/// </remarks>
public static class Mersenne31
{
    /// <summary>The modulus, 2^31 − 1, a Mersenne prime.</summary>
    public const uint P = 0x7fffffff;

    /// <summary>a + b mod p.</summary>
    public static uint Add(uint a, uint b) => SubtractIfNotBelow(a + b);

    /// <summary>a − b mod p.</summary>
    public static uint Sub(uint a, uint b)
    {
        uint difference = a - b;

        // The top bit is set exactly when the subtraction went below zero.
        return difference + (P & (uint)((int)difference >> 31));
    }

    /// <summary>a · b mod p, for any two 32-bit values.</summary>
    public static uint Mul(uint a, uint b) => Reduce((ulong)a * b);

    /// <summary>−a mod p.</summary>
    public static uint Neg(uint a) => Sub(0, a);

    /// <summary>The inverse of a, by Fermat: a^(p−2). Takes the same steps for every a.</summary>
    /// <exception cref="DivideByZeroException">a is zero modulo p.</exception>
    public static uint Inverse(uint a)
    {
        if (a % P == 0)
        {
            throw new DivideByZeroException("Zero has no inverse in the field of 2^31 − 1 elements.");
        }

        uint power = 1;
        for (int bit = 30; bit >= 0; bit--)
        {
            power = Mul(power, power);
            if (((P - 2) >> bit & 1) != 0)
            {
                power = Mul(power, a);
            }
        }

        return power;
    }

    /// <summary>x mod p for any 64-bit x, using 2^31 ≡ 1.</summary>
    public static uint Reduce(ulong x)
    {
        ulong once = Fold(x);
        return SubtractIfNotBelow((uint)Fold(once));
    }

    /// <summary>A uniformly random element from the operating system's generator.</summary>
    public static uint Random()
    {
        Span<uint> one = stackalloc uint[1];
        Fill(one);
        return one[0];
    }

    /// <summary>Fills a span with independent uniform elements: 31 random bits each, drawn again in the one case that equals p.</summary>
    public static void Fill(Span<uint> words)
    {
        RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(words));
        for (int i = 0; i < words.Length; i++)
        {
            words[i] &= P;
            while (words[i] == P)
            {
                RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(words.Slice(i, 1)));
                words[i] &= P;
            }
        }
    }

    /// <summary>One folding step: a value congruent to x and below 2^31 + 2^33.</summary>
    internal static ulong Fold(ulong x) => (x & P) + (x >> 31);

    // Brings a value in [0, 2p) down to [0, p).
    private static uint SubtractIfNotBelow(uint x)
    {
        uint less = x - P;
        return less + (P & (uint)((int)less >> 31));
    }
}
