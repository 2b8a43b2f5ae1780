using System.Runtime.InteropServices;
using CsCheck;
using Trident.Protocol.Field;
using Xunit;
using Xunit.Abstractions;

namespace Trident.Protocol.Tests.Field;

public class ProductKernelTests(ITestOutputHelper output)
{
    private static readonly LaneWidth[] Widths = Enum.GetValues<LaneWidth>();

    [Fact]
    public void Every_width_agrees_with_the_definition() =>
        Gen.Select(Gen.Int[0, 40], Gen.Int[1, 70], Gen.Int[1, 19], Gen.Int).Sample(
            (rows, columns, count, seed) => Compare(rows, columns, count, new Random(seed), $"seed {seed}"), iter: 300);

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 1, 1)]
    [InlineData(100, 1, 9)]
    [InlineData(17, 35, 1)]
    [InlineData(1000, 35, 8)]
    [InlineData(7, 768, 1)]
    [InlineData(5, 769, 1)]
    [InlineData(6, 10_000, 1)]
    [InlineData(9, 10_001, 8)]
    [InlineData(5, 10_001, 17)]
    [InlineData(3000, 37, 17)]
    [InlineData(2, 385, 8)]
    public void Shapes_at_the_edges_of_blocks_and_panels(int rows, int columns, int count)
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        Compare(rows, columns, count, new Random(seed), $"seed {seed}");
    }

    [Fact]
    public void The_largest_elements_do_not_overflow_the_sums()
    {
        foreach (LaneWidth width in Widths)
        {
            foreach (int count in new[] { 1, 3, 9 })
            {
                const int Rows = 4099;
                const int Columns = 18;
                uint[] vectors = new uint[count * Rows], matrix = new uint[Rows * Columns], result = new uint[count * Columns];
                Array.Fill(vectors, Mersenne31.P - 1);
                Array.Fill(matrix, Mersenne31.P - 1);
                Array.Fill(result, Mersenne31.P - 1);
                ProductKernel.MultiplyAdd(vectors, count, matrix, Rows, Columns, result, width);

                // (p−1)·(p−1) is 1, and p−1 was there before.
                Assert.All(result, word => Assert.Equal((uint)Rows - 1, word));
            }
        }
    }

    [Fact]
    public void Blocks_of_rows_add_up()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        const int Rows = 53;
        const int Columns = 35;
        uint[] vector = Elements(random, Rows), matrix = Elements(random, Rows * Columns);
        uint[] whole = new uint[Columns], pieces = new uint[Columns];
        Array.Fill(whole, 7u);
        ProductKernel.Multiply(vector, 1, matrix, Rows, Columns, whole);
        for (int from = 0; from < Rows; from += 10)
        {
            int height = Math.Min(10, Rows - from);
            ProductKernel.MultiplyAdd(
                vector.AsSpan(from, height), 1, matrix.AsSpan(from * Columns, height * Columns), height, Columns, pieces);
        }

        Assert.Equal(whole, pieces);
    }

    [Fact]
    public void No_rows_give_zeros()
    {
        uint[] result = [5, 6, 7, 8];
        ProductKernel.Multiply([], 2, [], 0, 2, result);
        Assert.All(result, word => Assert.Equal(0u, word));
    }

    [Fact]
    public unsafe void Nothing_outside_the_matrix_decides_the_result()
    {
        // Around the matrix lie words that are no elements: a sum that took one in would overflow or be off.
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        foreach (LaneWidth width in Widths)
        {
            for (int columns = 1; columns < 40; columns++)
            {
                const int Rows = 9;
                uint[] vectors = Elements(random, 2 * Rows), matrix = Elements(random, Rows * columns);
                uint[] expected = new uint[2 * columns], actual = new uint[2 * columns];
                uint[] around = new uint[matrix.Length + 64];
                Array.Fill(around, uint.MaxValue);
                matrix.CopyTo(around, 32);
                ProductReference.Multiply(vectors, 2, matrix, Rows, columns, expected);
                ProductKernel.MultiplyAdd(vectors, 2, around.AsSpan(32, matrix.Length), Rows, columns, actual, width);
                Assert.True(expected.AsSpan().SequenceEqual(actual), $"{width}, {columns} columns, seed {seed}");
            }
        }
    }

    [Theory]
    [InlineData(2, 1, 6, 2, 3, 3, "")]
    [InlineData(3, 1, 6, 2, 3, 3, "vectors")]
    [InlineData(2, 1, 5, 2, 3, 3, "matrix")]
    [InlineData(2, 1, 6, 2, 3, 4, "room")]
    [InlineData(2, 0, 6, 2, 3, 3, "count")]
    [InlineData(2, 1, 6, -1, 3, 3, "rows")]
    [InlineData(2, 1, 0, 2, 0, 0, "columns")]
    public void Shapes_that_do_not_fit_are_refused(int vectors, int count, int matrix, int rows, int columns, int result, string names)
    {
        Action multiply = () =>
            ProductKernel.Multiply(new uint[vectors], count, new uint[matrix], rows, columns, new uint[result]);
        if (names.Length == 0)
        {
            multiply();
        }
        else
        {
            Assert.Contains(names, Assert.Throws<ArgumentException>(multiply).Message);
        }
    }

    private static void Compare(int rows, int columns, int count, Random random, string note)
    {
        uint[] vectors = Elements(random, count * rows), matrix = Elements(random, rows * columns);
        uint[] expected = new uint[count * columns];
        ProductReference.Multiply(vectors, count, matrix, rows, columns, expected);
        uint[] result = Elements(random, count * columns);
        ProductKernel.Multiply(vectors, count, matrix, rows, columns, result);
        Assert.True(expected.AsSpan().SequenceEqual(result), $"Multiply, {rows} x {columns}, {count} vectors, {note}");
        foreach (LaneWidth width in Widths)
        {
            uint[] before = Elements(random, count * columns);
            uint[] after = [.. before];
            ProductKernel.MultiplyAdd(vectors, count, matrix, rows, columns, after, width);
            FieldVector.Sub(after, before, after);
            Assert.True(expected.AsSpan().SequenceEqual(after), $"{width}, {rows} x {columns}, {count} vectors, {note}");
        }
    }

    private static uint[] Elements(Random random, int length)
    {
        uint[] words = new uint[length];
        random.NextBytes(MemoryMarshal.AsBytes(words.AsSpan()));
        for (int i = 0; i < length; i++)
        {
            words[i] %= Mersenne31.P;
        }

        return words;
    }
}
