using Trident.Protocol.Field;
using Trident.Protocol.Product;
using Trident.Protocol.Sharing;
using Xunit;
using Xunit.Abstractions;

namespace Trident.Protocol.Tests.Product;

/// <summary>Stock of the product beaver. That every lie is caught is in <see cref="StockBatchTests"/>, for both products.</summary>
public class BeaverStockTests(ITestOutputHelper output)
{
    private readonly int _seed = StockBatchTests.Seeded(output);

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(13, 5, 3)]
    [InlineData(7, 33, 6)]
    [InlineData(130, 1, 14)]
    [InlineData(257, 17, 9)]
    public void Items_are_lines_through_the_product_of_mask_and_matrix(int rows, int columns, int items)
    {
        using ThreePartyWorld world = new(_seed, rows, columns, beaver: true);
        StockBatch[] batches = Good(world, items);
        uint[] product = new uint[columns], c = new uint[columns];
        for (int t = 0; t < items; t++)
        {
            Assert.True(Shamir.OnALine(batches[1].C(t), batches[2].C(t), batches[3].C(t)));
            Shamir.OpenLine(1, batches[1].C(t), 3, batches[3].C(t), c);
            ProductReference.Multiply(Open(batches, rows, (b, s) => b.OpenMask(t, s)), 1, Open(batches, rows * columns, (b, s) => b.OpenMatrix(t, s)), rows, columns, product);
            Assert.Equal(product, c);
        }
    }

    [Fact]
    public void No_two_items_share_a_word_of_their_masks_or_matrices()
    {
        // 4,320 words of 31 bits: two of them are equal by chance once in 230 runs. One such pair is let pass, a mask used twice is not.
        using ThreePartyWorld world = new(_seed, 40, 5, beaver: true);
        HashSet<uint> seen = [];
        int words = 0;
        for (int batch = 0; batch < 2; batch++)
        {
            StockBatch[] batches = Good(world, 9);
            for (int t = 0; t < 9; t++)
            {
                uint[] item = [.. Open(batches, 40, (b, s) => b.OpenMask(t, s)), .. Open(batches, 200, (b, s) => b.OpenMatrix(t, s))];
                words += item.Length;
                seen.UnionWith(item);
            }
        }

        Assert.InRange(seen.Count, words - 1, words);
    }

    [Fact]
    public void Messages_have_the_sizes_that_the_links_expect()
    {
        using ThreePartyWorld world = new(_seed, 11, 4, beaver: true);
        Dictionary<Message, int> sizes = [];
        world.Intercept = (kind, _, _, bytes) =>
        {
            sizes[kind] = bytes.Length;
            return bytes;
        };
        Good(world, 6);
        StockShape shape = new(11, 4, 6, OwnMatrices: true);
        Assert.Equal((18 * 4 * 4, 48, 6 * 2 * 11 * 4, 6 * 2 * 4 * 4),
            (sizes[Message.Masked], sizes[Message.Coin], sizes[Message.CheckMask], sizes[Message.CheckZero]));
        Assert.Equal((shape.MaskedBytes, shape.CheckMaskBytes, shape.CheckZeroBytes),
            (sizes[Message.Masked], sizes[Message.CheckMask], sizes[Message.CheckZero]));
    }

    [Fact]
    public void Every_item_is_checked_by_itself()
    {
        // A lie in one item of many, and a lie in one of its two companions, are found wherever they are.
        const int items = 5;
        for (int item = 0; item < 3 * items; item++)
        {
            using ThreePartyWorld world = new(_seed, 9, 3, beaver: true);
            int word = 3 * item + item % 3;
            world.Intercept = (kind, from, _, bytes) => kind == Message.Masked && from == 2 ? ThreePartyWorld.Lie(bytes, word) : bytes;
            Assert.Null(world.Make(items).Batches);
        }
    }

    [Fact]
    public void The_stock_does_not_depend_on_the_table()
    {
        using ThreePartyWorld world = new(_seed, 9, 4, beaver: true), other = new(_seed, 9, 4, beaver: true);
        other.Matrix(2)[7] = Mersenne31.Add(other.Matrix(2)[7], 1);
        Assert.Equal(Good(world, 3)[1].C(0).ToArray(), Good(other, 3)[1].C(0).ToArray());
    }

    [Fact]
    public void Items_of_a_table_have_no_matrix()
    {
        using ThreePartyWorld world = new(_seed, 9, 4);
        StockBatch batch = Good(world, 3)[1];
        Assert.Throws<InvalidOperationException>(() => batch.OpenMatrix(0, new uint[36]));
    }

    private StockBatch[] Good(ThreePartyWorld world, int items)
    {
        (StockBatch[]? batches, StockCheckException?[] thrown) = world.Make(items);
        Assert.True(batches is not null, $"seed {_seed}: {thrown.FirstOrDefault(t => t is not null)?.Message}");
        return batches;
    }

    private static uint[] Open(StockBatch[] batches, int words, Action<StockBatch, uint[]> draw)
    {
        uint[][] shares = [.. batches[1..].Select(b => { uint[] share = new uint[words]; draw(b, share); return share; })];
        Assert.True(Shamir.OnALine(shares[0], shares[1], shares[2]));
        uint[] opened = new uint[words];
        Shamir.OpenLine(1, shares[0], 2, shares[1], opened);
        return opened;
    }
}
