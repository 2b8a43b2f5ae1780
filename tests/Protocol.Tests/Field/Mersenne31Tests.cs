using System.Numerics;
using CsCheck;
using Trident.Protocol.Field;
using Xunit;

namespace Trident.Protocol.Tests.Field;

public class Mersenne31Tests
{
    private static readonly Gen<uint> Element = Gen.Frequency(
        (8, Gen.UInt[0, Mersenne31.P - 1]),
        (1, Gen.OneOf<uint>(0u, 1u, 2u, Mersenne31.P - 1, Mersenne31.P - 2, 1u << 30)));

    [Fact]
    public void Operations_agree_with_integers() => Gen.Select(Element, Element).Sample((a, b) =>
        Mersenne31.Add(a, b) == ((ulong)a + b) % Mersenne31.P
        && Mersenne31.Sub(a, b) == ((ulong)a + Mersenne31.P - b) % Mersenne31.P
        && Mersenne31.Mul(a, b) == (ulong)a * b % Mersenne31.P
        && Mersenne31.Neg(a) == (Mersenne31.P - (ulong)a) % Mersenne31.P);

    [Fact]
    public void Reduce_takes_any_64_bits() => Gen.ULong.Sample(x => Mersenne31.Reduce(x) == x % Mersenne31.P);

    [Theory]
    [InlineData(0UL)]
    [InlineData(0x7ffffffeUL)]
    [InlineData(0x7fffffffUL)]
    [InlineData(0x80000000UL)]
    [InlineData(0xfffffffeUL)]
    [InlineData(0xffffffffUL)]
    [InlineData(0x3fffffff00000001UL)]
    [InlineData(ulong.MaxValue)]
    [InlineData(ulong.MaxValue - 1)]
    [InlineData(ulong.MaxValue - 3)]
    public void Reduce_at_the_edges(ulong x) => Assert.Equal((uint)(x % Mersenne31.P), Mersenne31.Reduce(x));

    [Fact]
    public void Inverse_is_the_inverse() => Element.Where(a => a != 0).Sample(a =>
        Mersenne31.Mul(a, Mersenne31.Inverse(a)) == 1
        && Mersenne31.Inverse(a) == (uint)BigInteger.ModPow(a, Mersenne31.P - 2, Mersenne31.P));

    [Theory]
    [InlineData(0u)]
    [InlineData(Mersenne31.P)]
    public void Zero_has_no_inverse(uint zero) => Assert.Throws<DivideByZeroException>(() => Mersenne31.Inverse(zero));

    [Fact]
    public void Fill_gives_elements_that_use_the_whole_range()
    {
        uint[] words = new uint[4096];
        Mersenne31.Fill(words);
        Assert.All(words, w => Assert.True(w < Mersenne31.P));
        uint any = 0, all = uint.MaxValue;
        foreach (uint w in words)
        {
            any |= w;
            all &= w;
        }

        // Each of the 31 bits is seen both set and clear; missing one has probability 31 * 2^-4095.
        Assert.Equal(Mersenne31.P, any);
        Assert.Equal(0u, all);
        Assert.True(Mersenne31.Random() < Mersenne31.P);
    }
}
