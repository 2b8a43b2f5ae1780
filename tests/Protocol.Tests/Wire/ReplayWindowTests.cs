using CsCheck;
using Trident.Protocol.Wire;
using Xunit;

namespace Trident.Protocol.Tests.Wire;

public class ReplayWindowTests
{
    [Fact]
    public void AcceptsEachSequenceOnceAndNothingBehindTheWindow()
    {
        ReplayWindow window = new();
        foreach (ulong sequence in (ulong[])[0, 5, 3, 65_536, 65_540, 200_000, ulong.MaxValue])
        {
            Assert.True(window.Accepts(sequence), $"{sequence}");
            window.Mark(sequence);
            Assert.False(window.Accepts(sequence), $"{sequence}");
        }

        Assert.True(window.Accepts(ulong.MaxValue - ReplayWindow.Size + 1));
        Assert.False(window.Accepts(ulong.MaxValue - ReplayWindow.Size));
        Assert.False(window.Accepts(200_000));
    }

    [Fact]
    public void AgreesWithASetThatForgetsNothing() =>
        Gen.Select(Gen.ULong[0, 1UL << 40], Gen.Int[-70_000, 70_000].Array[1, 60]).Sample((start, steps) =>
        {
            ReplayWindow window = new();
            HashSet<ulong> seen = [];
            ulong at = start + 100_000, top = 0;
            foreach (int step in steps)
            {
                ulong sequence = (ulong)Math.Max(0, (long)at + step);
                bool expected = !seen.Contains(sequence) && (sequence > top || top - sequence < ReplayWindow.Size);
                Assert.Equal(expected, window.Accepts(sequence));
                if (expected)
                {
                    window.Mark(sequence);
                    seen.Add(sequence);
                    top = Math.Max(top, sequence);
                }

                at = top;
            }
        });
}
