using System.Runtime.InteropServices;
using Trident.Protocol.Field;
using Trident.Protocol.Product;
using Trident.Protocol.Sharing;
using Trident.Protocol.Tables;
using Trident.Protocol.Tests.Tables;
using Xunit;
using Xunit.Abstractions;

namespace Trident.Protocol.Tests.Product;

/// <summary>
/// What one server that follows the protocol, and is curious, reads from the masked table that is opened to it
/// (docs/threat-model.md, The original's masking). The system that this one reimplements masked all coordinates of a row with one
/// scalar: f[r,j] = M[r,j] − b[r]. Ours opens f = M − b with a word of b for every coordinate. The same attack is played on both.
/// </summary>
public class OriginalMaskingAttackTests(ITestOutputHelper output)
{
    // Coordinates are bytes: a row of which the attack makes anything else is not recovered, and the attack knows it.
    private const uint LargestCoordinate = 255;

    private readonly int _seed = StockBatchTests.Seeded(output);

    [SharedDataFact]
    public void The_originals_masking_gives_away_rows_of_real_vectors_and_ours_nothing()
    {
        using IVectorSource source = VectorFile.Open(Path.Combine(SharedDataFactAttribute.Find()!, "data", "sift10k", "base.fvecs"));
        (int rows, int dimension) = (source.Rows, source.Shape.Dimension);
        Assert.Equal(ElementKind.U8, source.Shape.Element);
        uint[] table = new uint[rows * dimension];
        byte[] record = new byte[dimension];
        for (int r = 0; source.Next(record); r++)
        {
            for (int j = 0; j < dimension; j++)
            {
                table[r * dimension + j] = record[j];
            }
        }

        Compare(table, rows, dimension, leastRecovered: 0.99);
    }

    [Fact]
    public void The_same_holds_for_generated_vectors()
    {
        // As image descriptors are: bytes, of which every third is zero.
        const int rows = 2000, dimension = 64;
        Random random = new(_seed);
        uint[] table = [.. Enumerable.Range(0, rows * dimension).Select(_ => random.Next(3) == 0 ? 0u : (uint)random.Next(256))];
        Compare(table, rows, dimension, leastRecovered: 0.999);
    }

    private void Compare(uint[] table, int rows, int dimension, double leastRecovered)
    {
        (double recovered, long agreeing) = Attack(table, rows, dimension, OpenedByTheOriginal(table, rows, dimension));
        long differences = (long)rows * (dimension - 1);
        output.WriteLine($"the original: {recovered:P2} of {rows} rows recovered, {agreeing} of {differences} differences right");
        Assert.InRange(recovered, leastRecovered, 1.0);
        Assert.Equal(differences, agreeing);

        // Chance: were f uniform, each difference modulo 256 would be right with probability 1/256, independently of all others. Six
        // standard deviations to either side leave one run in five hundred million to fail without cause. That a row of uniform
        // words lies within 256 of one another is out of the question.
        (recovered, agreeing) = Attack(table, rows, dimension, OpenedByOurs(table, rows, dimension));
        double expected = differences / 256.0, deviation = Math.Sqrt(expected * 255 / 256);
        output.WriteLine($"ours: {recovered:P2} of {rows} rows recovered, {agreeing} of {differences} differences right, {expected:0} by chance, deviation {deviation:0.0}");
        Assert.Equal(0, recovered);
        Assert.InRange(agreeing, expected - 6 * deviation, expected + 6 * deviation);
    }

    /// <summary>
    /// The attack: within a row the differences of the opened words are those of the coordinates, and the smallest coordinate of
    /// most rows is zero. Gives the share of rows recovered to the last coordinate, and how many differences to the first
    /// coordinate are right modulo 256.
    /// </summary>
    private static (double Recovered, long Agreeing) Attack(uint[] table, int rows, int dimension, uint[] opened)
    {
        int recovered = 0;
        long agreeing = 0;
        int[] guess = new int[dimension];
        for (int r = 0; r < rows; r++)
        {
            ReadOnlySpan<uint> f = opened.AsSpan(r * dimension, dimension), truth = table.AsSpan(r * dimension, dimension);
            for (int j = 0; j < dimension; j++)
            {
                guess[j] = Centred(Mersenne31.Sub(f[j], f[0]));
                agreeing += j > 0 && ((guess[j] - (int)truth[j] + (int)truth[0]) & 255) == 0 ? 1 : 0;
            }

            int least = guess.Min();
            bool bytes = (long)guess.Max() - least <= LargestCoordinate;
            bool right = bytes;
            for (int j = 0; j < dimension && right; j++)
            {
                right = guess[j] - least == (int)truth[j];
            }

            recovered += right ? 1 : 0;
        }

        return (recovered / (double)rows, agreeing);
    }

    /// <summary>The original's steps: each server subtracts its share of one random b[r] from its shares of all coordinates of row r, and f is opened.</summary>
    private static uint[] OpenedByTheOriginal(uint[] table, int rows, int dimension)
    {
        uint[][] matrix = Shared(table);
        uint[] b = new uint[rows];
        Mersenne31.Fill(b);
        uint[][] mask = Shared(b);
        for (int p = 0; p < 3; p++)
        {
            for (int i = 0; i < table.Length; i++)
            {
                matrix[p][i] = Mersenne31.Sub(matrix[p][i], mask[p][i / dimension]);
            }
        }

        Assert.True(Answering.OpenE(1, matrix[0], matrix[1], matrix[2]));
        return matrix[0];
    }

    /// <summary>Our steps: one query through the three parties, and what party 1 is sent of it opened as party 1 opens it.</summary>
    private uint[] OpenedByOurs(uint[] table, int rows, int dimension)
    {
        using ThreePartyWorld world = new(_seed, rows, dimension, beaver: true, table);
        world.Stock(1);
        uint[][] seen = new uint[4][];
        world.Intercept = (kind, from, to, bytes) =>
        {
            if (kind == Message.EShare && to == 1)
            {
                seen[from] = MemoryMarshal.Cast<byte, uint>(bytes).ToArray();
            }

            return bytes;
        };
        int row = rows / 2;
        (uint[] words, bool verified) = world.Fetch([row]);
        Assert.True(verified);
        Assert.Equal(world.Row(row).ToArray(), words);
        uint[] opened = new uint[seen[2].Length];
        Shamir.OpenLine(2, seen[2], 3, seen[3], opened);
        return opened[rows..];
    }

    private static int Centred(uint word) => word > Mersenne31.P / 2 ? (int)word - (int)Mersenne31.P : (int)word;

    private static uint[][] Shared(uint[] secret)
    {
        uint[][] shares = [new uint[secret.Length], new uint[secret.Length], new uint[secret.Length]];
        Shamir.Share(secret, shares[0], shares[1], shares[2]);
        return shares;
    }
}
