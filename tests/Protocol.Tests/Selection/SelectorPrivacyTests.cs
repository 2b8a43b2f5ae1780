using Trident.Protocol.Selection;
using Xunit;

namespace Trident.Protocol.Tests.Selection;

/// <summary>Sanity, not proof: nothing in one party's view stands out at the selected row.</summary>
public class SelectorPrivacyTests
{
    private const int Rows = 61;
    private const int Keys = 2000;

    // Nine standard deviations of a fair coin: about 1e-19 for each of the several ten thousand bits looked at.
    private static readonly double Bound = 9 * Math.Sqrt(Keys / 4.0);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void EveryFreeBitOfAKeyIsAFairCoinWhateverTheRow(int party)
    {
        foreach (int row in new[] { 0, 30, Rows - 1 })
        {
            int[] ones = new int[8 * SelectorKey.SizeFor(Rows)];
            for (int i = 0; i < Keys; i++)
            {
                byte[] bytes = SelectorKey.Generate(Rows, row)[party - 1].ToBytes();
                for (int bit = 0; bit < ones.Length; bit++)
                {
                    ones[bit] += (bytes[bit / 8] >> (bit % 8)) & 1;
                }
            }

            for (int bit = 8 * 10; bit < ones.Length; bit++)
            {
                // Unused bits are always zero; every other one is free.
                Assert.True(
                    ones[bit] == 0 ? IsUnused(bit) : Math.Abs(ones[bit] - Keys / 2.0) < Bound,
                    $"party {party}, row {row}, bit {bit}: {ones[bit]} ones in {Keys} keys");
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void EveryShareOfOnePartyIsUniformAtTheRowAndElsewhere(int party)
    {
        const int Selected = 17;
        int[] upper = new int[Rows], low = new int[Rows];
        uint[] shares = new uint[Rows];
        for (int i = 0; i < Keys; i++)
        {
            SelectorKey.Generate(Rows, Selected)[party - 1].Evaluate(shares);
            for (int r = 0; r < Rows; r++)
            {
                upper[r] += (int)(shares[r] >> 30);
                low[r] += (int)(shares[r] & 1);
            }
        }

        for (int r = 0; r < Rows; r++)
        {
            Assert.True(Math.Abs(upper[r] - Keys / 2.0) < Bound, $"party {party}, row {r}: {upper[r]} of {Keys} in the upper half");
            Assert.True(Math.Abs(low[r] - Keys / 2.0) < Bound, $"party {party}, row {r}: {low[r]} of {Keys} odd");
        }
    }

    [Fact]
    public void TwoKeysOfOneRowShareNothing()
    {
        byte[] a = SelectorKey.Generate(Rows, 5)[0].ToBytes(), b = SelectorKey.Generate(Rows, 5)[0].ToBytes();
        Assert.Equal(a[..10], b[..10]);
        Assert.NotEqual(a[18..34], b[18..34]);
        Assert.NotEqual(a[^16..], b[^16..]);
    }

    private static bool IsUnused(int bit)
    {
        const int Depth = 4, Part = 32 + 17 * Depth;
        int at = bit / 8;
        bool highest = bit % 8 == 7;
        if (at < 18)
        {
            return at is 13 or 17 && highest;
        }

        int inside = (at - 18) % Part;
        if (inside < 16)
        {
            return inside == 15 && highest;
        }

        if (inside >= Part - 16)
        {
            return (inside - (Part - 16)) % 4 == 3 && highest;
        }

        int word = (inside - 16) % 17;
        return word == 16 ? bit % 8 > 1 : word == 15 && highest;
    }
}
