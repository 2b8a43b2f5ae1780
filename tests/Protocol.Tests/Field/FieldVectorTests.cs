using CsCheck;
using Trident.Protocol.Field;
using Xunit;

namespace Trident.Protocol.Tests.Field;

public class FieldVectorTests
{
    private static readonly Gen<uint> Element = Gen.Frequency(
        (3, Gen.UInt[0, Mersenne31.P - 1]),
        (1, Gen.OneOf<uint>(0u, 1u, Mersenne31.P - 1, Mersenne31.P - 2)));

    private static readonly Gen<LaneWidth> Width =
        Gen.OneOf(LaneWidth.Scalar, LaneWidth.Bits128, LaneWidth.Bits256, LaneWidth.Bits512);

    private static readonly Gen<(uint[] A, uint[] B)> Pair =
        Gen.Int[0, 130].SelectMany(n => Gen.Select(Element.Array[n], Element.Array[n]));

    [Fact]
    public void Every_width_agrees_with_scalars() => Gen.Select(Pair, Element, Element, Width).Sample((pair, s, t, width) =>
    {
        (uint[] a, uint[] b) = pair;
        uint[] sum = new uint[a.Length], difference = new uint[a.Length], combined = new uint[a.Length];
        FieldVector.Apply(FieldVector.Operation.Add, a, 1, b, 1, sum, width);
        FieldVector.Apply(FieldVector.Operation.Sub, a, 1, b, 1, difference, width);
        FieldVector.Apply(FieldVector.Operation.Combine, a, s, b, t, combined, width);
        for (int i = 0; i < a.Length; i++)
        {
            Assert.Equal(Mersenne31.Add(a[i], b[i]), sum[i]);
            Assert.Equal(Mersenne31.Sub(a[i], b[i]), difference[i]);
            Assert.Equal(Mersenne31.Add(Mersenne31.Mul(a[i], s), Mersenne31.Mul(b[i], t)), combined[i]);
        }
    });

    [Fact]
    public void Results_may_replace_operands() => Gen.Select(Pair, Element).Sample((pair, s) =>
    {
        (uint[] a, uint[] b) = pair;
        uint[] expected = new uint[a.Length];
        FieldVector.Add(a, b, expected);
        uint[] inPlace = [.. a];
        FieldVector.Add(inPlace, b, inPlace);
        Assert.Equal(expected, inPlace);
        FieldVector.Sub(inPlace, b, inPlace);
        Assert.Equal(a, inPlace);
        FieldVector.AddScaled(b, s, inPlace);
        FieldVector.Scale(b, s, expected);
        FieldVector.Sub(inPlace, a, inPlace);
        Assert.Equal(expected, inPlace);
    });

    [Fact]
    public void A_word_that_is_no_element_is_found_wherever_it_stands() =>
        Gen.Select(Element.Array[1, 130], Gen.UInt[Mersenne31.P, uint.MaxValue], Gen.Int[0, 1000], Width).Sample((words, bad, at, width) =>
        {
            Assert.True(FieldVector.AllBelowP(words, width));
            words[at % words.Length] = bad;
            Assert.False(FieldVector.AllBelowP(words, width));
        });

    [Theory]
    [InlineData(Mersenne31.P)]
    [InlineData(0x80000000u)]
    [InlineData(uint.MaxValue)]
    public void The_smallest_and_largest_that_are_no_elements_are_found(uint bad)
    {
        foreach (LaneWidth width in Enum.GetValues<LaneWidth>())
        {
            for (int length = 1; length < 40; length++)
            {
                uint[] words = new uint[length];
                Array.Fill(words, Mersenne31.P - 1);
                Assert.True(FieldVector.AllBelowP(words, width));
                words[length - 1] = bad;
                Assert.False(FieldVector.AllBelowP(words, width), $"{width}, length {length}");
            }
        }
    }

    [Fact]
    public void The_line_check_sees_every_position_at_every_width() =>
        Gen.Select(Gen.Int[1, 130], Gen.Int[0, 1000], Gen.Int[1, 3], Gen.UInt[1, Mersenne31.P - 1], Width)
            .SelectMany(shape => Gen.Select(Gen.Const(shape), Element.Array[shape.Item1], Element.Array[shape.Item1]))
            .Sample((shape, y, slope) =>
            {
                (int length, int at, int party, uint error, LaneWidth width) = shape;
                uint[][] shares = [[.. y], [.. y], [.. y]];
                FieldVector.Add(y, slope, shares[1]);
                FieldVector.Add(shares[1], slope, shares[2]);
                Assert.True(FieldVector.SecondDifferenceIsZero(shares[0], shares[1], shares[2], width));
                ref uint word = ref shares[party - 1][at % length];
                uint honest = word;
                word = Mersenne31.Add(honest, error);
                Assert.False(FieldVector.SecondDifferenceIsZero(shares[0], shares[1], shares[2], width));
                word = honest | 0x80000000;
                Assert.False(FieldVector.SecondDifferenceIsZero(shares[0], shares[1], shares[2], width));
            });

    [Fact]
    public void Differing_lengths_are_refused() =>
        Assert.Contains("one length", Assert.Throws<ArgumentException>(() => FieldVector.Add(new uint[3], new uint[4], new uint[3])).Message);
}
