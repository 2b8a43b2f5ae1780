using Trident.Protocol.Field;
using Trident.Protocol.Selection;
using Xunit;
using Xunit.Abstractions;

namespace Trident.Protocol.Tests.Selection;

public class SelectorKeyTests(ITestOutputHelper output)
{
    private const ulong P = Mersenne31.P;

    [Fact]
    public void EveryRowOfEverySmallTableOpensToItsUnitVector()
    {
        for (int rows = 1; rows <= 70; rows++)
        {
            for (int row = 0; row < rows; row++)
            {
                CheckUnitVector(rows, row, Evaluate(SelectorKey.Generate(rows, row)));
            }
        }
    }

    [Fact]
    public void BothCiphersAndTheReferenceAgreeOnSmallTables()
    {
        foreach (int rows in Enumerable.Range(1, 70))
        {
            foreach (SelectorKey key in SelectorKey.Generate(rows, rows / 2))
            {
                uint[] best = new uint[rows], portable = new uint[rows];
                key.Evaluate(best);
                key.Evaluate(portable, FixedKeyAes.Portable);
                Assert.Equal(SelectorReference.Evaluate(key), best);
                Assert.Equal(best, portable);
            }
        }
    }

    [Fact]
    public void SampledTablesOpenToTheirUnitVectors()
    {
        Random random = Seeded();
        int[] edges = [2047, 2048, 2049, 2063, 4095, 4096, 4097, 8191, 8193, 10_000, 65_535, 65_536, 65_537, 99_999, 100_000];
        IEnumerable<int> sampled = Enumerable.Range(0, 40).Select(_ => random.Next(35, 50_000) * 2 + 1);
        foreach (int rows in edges.Concat(sampled))
        {
            foreach (int row in new[] { 0, rows - 1, random.Next(rows) })
            {
                SelectorKey[] keys = SelectorKey.Generate(rows, row);
                uint[][] shares = Evaluate(keys);
                CheckUnitVector(rows, row, shares);
                SelectorKey key = keys[random.Next(3)];
                foreach (int some in new[] { 0, row, rows - 1, random.Next(rows) })
                {
                    Assert.True(SelectorReference.Share(key, some) == shares[key.Party - 1][some], $"rows {rows}, row {some}");
                }
            }
        }
    }

    [Fact]
    public void PortableCipherAgreesOnLargerTablesAndGeneratesKeys()
    {
        Random random = Seeded();
        foreach (int rows in new[] { 2049, 8191, 10_000, 30_001, 99_999 })
        {
            int row = random.Next(rows);
            SelectorKey[] keys = SelectorKey.Generate(rows, row, FixedKeyAes.Portable);
            uint[][] shares = Evaluate(keys);
            CheckUnitVector(rows, row, shares);
            foreach (SelectorKey key in keys)
            {
                uint[] portable = new uint[rows];
                key.Evaluate(portable, FixedKeyAes.Portable);
                Assert.Equal(shares[key.Party - 1], portable);
            }
        }
    }

    [Fact]
    public void LargestTableHasSmallKeysAndALargeOneOpens()
    {
        Random random = Seeded();
        int most = SelectorKey.MaximumRows;
        Assert.Equal(1 << 26, most);
        foreach (int row in new[] { 0, most - 1, random.Next(most) })
        {
            SelectorKey[] keys = SelectorKey.Generate(most, row);
            Assert.All(keys, key => Assert.Equal(SelectorKey.SizeFor(most), key.ToBytes().Length));
            foreach (int some in new[] { row, row ^ 1, row ^ 4, row ^ (1 << 25), random.Next(most) })
            {
                uint[] shares = keys.Select(key => SelectorReference.Share(key, some)).ToArray();
                CheckColumn(shares[0], shares[1], shares[2], some == row, $"rows {most}, row {some}");
            }
        }

        Assert.Equal(898, SelectorKey.SizeFor(most));
        int large = (1 << 22) - 5, chosen = random.Next(large);
        CheckUnitVector(large, chosen, Evaluate(SelectorKey.Generate(large, chosen)));
    }

    [Fact]
    public void OneKeyOfTheLargestTableIsEvaluatedWhole()
    {
        Random random = Seeded();
        int rows = SelectorKey.MaximumRows, row = random.Next(rows);
        SelectorKey key = SelectorKey.Generate(rows, row)[2];
        uint[] shares = new uint[rows];
        key.Evaluate(shares);
        for (int i = 0; i < 200; i++)
        {
            int some = i == 0 ? row : random.Next(rows);
            Assert.True(SelectorReference.Share(key, some) == shares[some], $"row {some}");
        }
    }

    [Fact]
    public void ManyThreadsMayEvaluateOneKey()
    {
        SelectorKey key = SelectorKey.Generate(10_001, 17)[1];
        uint[] expected = new uint[10_001];
        key.Evaluate(expected);
        Parallel.For(0, 16, i =>
        {
            uint[] shares = new uint[10_001];
            key.Evaluate(shares, i % 2 == 0 ? FixedKeyAes.Best : FixedKeyAes.Portable);
            Assert.Equal(expected, shares);
        });
    }

    [Fact]
    public void EvaluationWritesNothingOutsideItsSpan()
    {
        for (int rows = 1; rows < 40; rows++)
        {
            uint[] around = new uint[rows + 32];
            Array.Fill(around, 0xdeadbeef);
            SelectorKey.Generate(rows, 0)[0].Evaluate(around.AsSpan(16, rows));
            Assert.All(around[..16].Concat(around[^16..]), word => Assert.Equal(0xdeadbeef, word));
            Assert.All(around[16..^16], word => Assert.True(word < P));
        }
    }

    private static uint[][] Evaluate(SelectorKey[] keys)
    {
        Assert.Equal([1, 2, 3], keys.Select(key => key.Party));
        return keys.Select(key =>
        {
            uint[] shares = new uint[key.Rows];
            Array.Fill(shares, uint.MaxValue);
            key.Evaluate(shares);
            return shares;
        }).ToArray();
    }

    private static void CheckUnitVector(int rows, int row, uint[][] shares)
    {
        for (int r = 0; r < rows; r++)
        {
            // Fast acceptance; the message is only made when something is off.
            if (!IsColumn(shares[0][r], shares[1][r], shares[2][r], r == row))
            {
                CheckColumn(shares[0][r], shares[1][r], shares[2][r], r == row, $"rows {rows}, selected {row}, row {r}");
            }
        }
    }

    private static bool IsColumn(ulong y1, ulong y2, ulong y3, bool selected)
    {
        ulong expected = selected ? 1ul : 0;
        // Lines through two points, at 0: 2y1 - y2, (3y1 - y3)/2, 3y2 - 2y3; halving is avoided by doubling the other side.
        return y1 < P && y2 < P && y3 < P
            && (2 * y1 + P - y2) % P == expected
            && (3 * y1 + P - y3) % P == 2 * expected
            && (3 * y2 + 2 * (P - y3)) % P == expected
            && (y1 + y3 + 2 * (P - y2)) % P == 0;
    }

    private static void CheckColumn(uint y1, uint y2, uint y3, bool selected, string where) =>
        Assert.True(IsColumn(y1, y2, y3, selected), $"{where}: shares {y1}, {y2}, {y3} do not open to {(selected ? 1 : 0)}");

    private Random Seeded()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        return new Random(seed);
    }
}
