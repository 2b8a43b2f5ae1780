using Trident.Protocol.Field;
using Trident.Protocol.Product;
using Trident.Protocol.Sharing;
using Xunit;
using Xunit.Abstractions;

namespace Trident.Protocol.Tests.Product;

public class StockBatchTests(ITestOutputHelper output)
{
    private readonly int _seed = Seeded(output);

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(13, 5, 3)]
    [InlineData(7, 33, 6)]
    [InlineData(130, 1, 14)]
    [InlineData(257, 17, 9)]
    public void Items_are_lines_through_the_product_of_mask_and_table(int rows, int columns, int items)
    {
        using ThreePartyWorld world = new(_seed, rows, columns);
        StockBatch[] batches = Good(world, items);
        uint[] product = new uint[columns], c = new uint[columns];
        for (int t = 0; t < items; t++)
        {
            Assert.True(Shamir.OnALine(batches[1].C(t), batches[2].C(t), batches[3].C(t)));
            Shamir.OpenLine(1, batches[1].C(t), 3, batches[3].C(t), c);
            ProductReference.Multiply(OpenMask(batches, rows, t), 1, world.Table, rows, columns, product);
            Assert.Equal(product, c);
        }
    }

    [Fact]
    public void No_two_masks_are_the_same_within_a_batch_or_between_batches()
    {
        using ThreePartyWorld world = new(_seed, 40, 3);
        HashSet<string> seen = [];
        for (int batch = 0; batch < 3; batch++)
        {
            StockBatch[] batches = Good(world, 9);
            for (int t = 0; t < 9; t++)
            {
                Assert.True(seen.Add(string.Join(' ', OpenMask(batches, 40, t))));
            }
        }
    }

    [Fact]
    public void Messages_have_the_sizes_that_the_links_expect()
    {
        using ThreePartyWorld world = new(_seed, 11, 4);
        Dictionary<Message, int> sizes = [];
        world.Intercept = (kind, _, _, bytes) =>
        {
            sizes[kind] = bytes.Length;
            return bytes;
        };
        Good(world, 6);
        Assert.Equal((8 * 4 * 4, 48, 2 * 11 * 4, 2 * 4 * 4),
            (sizes[Message.Masked], sizes[Message.Coin], sizes[Message.CheckMask], sizes[Message.CheckZero]));
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    public void A_wrong_masked_product_sent_to_both_is_caught_by_the_zero_check(int liar, bool beaver)
    {
        // The same lie to both peers, and the liar goes on with it: no digest disagrees, only the combinations do. The last word is of
        // an item that is thrown away.
        int all = new StockShape(13, 4, 6, beaver).All;
        foreach (int word in new[] { 0, 3, 4 * 6 - 1, 4 * all - 1 })
        {
            using ThreePartyWorld world = new(_seed, 13, 4, beaver);
            BatchId id = world.NextBatchId(6);
            StockBatchMaker[] makers = [null!, world.Maker(1, id, 6), world.Maker(2, id, 6), world.Maker(3, id, 6)];
            byte[][] m = [[], makers[1].Masked(), makers[2].Masked(), makers[3].Masked()];
            ThreePartyWorld.Lie(m[liar], word);
            byte[][] coins = Round(makers, x => x.Opened(m[1], m[2], m[3]), x => x.Coin());
            byte[][] masks = Round(makers, x => x.Coins(coins[1], coins[2], coins[3]), x => x.CheckMask());
            byte[][] zeros = Round(makers, x => x.CheckMasks(masks[1], masks[2], masks[3]), x => x.CheckZero());
            foreach (StockBatchMaker maker in makers[1..])
            {
                StockCheckException e = Assert.Throws<StockCheckException>(() => maker.Finish(zeros[1], zeros[2], zeros[3]));
                Assert.StartsWith("stock ", e.Message);
                maker.Dispose();
            }
        }
    }

    [Theory]
    [InlineData(Message.Masked, false)]
    [InlineData(Message.Coin, false)]
    [InlineData(Message.CheckMask, false)]
    [InlineData(Message.CheckZero, false)]
    [InlineData(Message.Masked, true)]
    [InlineData(Message.Coin, true)]
    [InlineData(Message.CheckMask, true)]
    [InlineData(Message.CheckZero, true)]
    public void A_lie_to_one_peer_or_to_both_is_caught_in_every_round_by_every_liar(Message round, bool beaver)
    {
        for (int liar = 1; liar <= 3; liar++)
        {
            for (int victim = 0; victim <= 3; victim++)
            {
                if (victim == liar)
                {
                    continue;
                }

                using ThreePartyWorld world = new(_seed + liar, 13, 5, beaver);
                world.Intercept = (kind, from, to, bytes) =>
                    kind == round && from == liar && (victim == 0 || to == victim) ? ThreePartyWorld.Lie(bytes, bytes.Length / 4 - 1) : bytes;
                (StockBatch[]? batches, StockCheckException?[] thrown) = world.Make(4);
                Assert.True(batches is null, $"seed {_seed}: the lie of {liar} to {victim} in {round} passed");
                Assert.All(Enumerable.Range(1, 3).Where(p => p != liar && (victim == 0 || p == victim)), p => Assert.NotNull(thrown[p]));
            }
        }
    }

    [Fact]
    public void A_peer_that_says_it_received_other_products_is_heard()
    {
        using ThreePartyWorld world = new(_seed, 13, 5);
        world.Intercept = (kind, from, _, bytes) => kind == Message.Coin && from == 2 ? ThreePartyWorld.Lie(bytes, 0) : bytes;
        (_, StockCheckException?[] thrown) = world.Make(4);
        Assert.Contains("digest", thrown[1]!.Message);
        Assert.Contains("digest", thrown[3]!.Message);
    }

    [Theory]
    [InlineData(Message.Masked, false)]
    [InlineData(Message.Coin, false)]
    [InlineData(Message.CheckMask, false)]
    [InlineData(Message.CheckZero, false)]
    [InlineData(Message.Masked, true)]
    [InlineData(Message.Coin, true)]
    [InlineData(Message.CheckMask, true)]
    [InlineData(Message.CheckZero, true)]
    public void Words_that_are_no_elements_and_wrong_lengths_are_refused(Message round, bool beaver)
    {
        Func<byte[], byte[]>[] spoils = [
            b => ThreePartyWorld.NoElement(b, b.Length / 4 - 1),
            b => b[..^4],
            b => b[..^1],
            b => [.. b, 0, 0, 0, 0],
            _ => [],
        ];
        foreach (Func<byte[], byte[]> spoil in spoils)
        {
            using ThreePartyWorld world = new(_seed, 6, 3, beaver);
            world.Intercept = (kind, from, to, bytes) => kind == round && from == 3 && to == 1 ? spoil(bytes) : bytes;
            (StockBatch[]? batches, StockCheckException?[] thrown) = world.Make(2);
            Assert.Null(batches);
            Assert.NotNull(thrown[1]);
        }
    }

    [Fact]
    public void A_party_with_another_table_is_caught()
    {
        using ThreePartyWorld world = new(_seed, 9, 4);
        uint[] spoilt = world.Matrix(2);
        spoilt[7] = Mersenne31.Add(spoilt[7], 1);
        Assert.Null(world.Make(3).Batches);
    }

    [Fact]
    public void The_opened_combinations_differ_from_each_other_and_from_batch_to_batch()
    {
        using ThreePartyWorld world = new(_seed, 20, 2);
        List<byte[]> combinations = [];
        world.Intercept = (kind, from, to, bytes) =>
        {
            if (kind == Message.CheckMask && from == 1 && to == 2)
            {
                combinations.Add(bytes[..(bytes.Length / 2)]);
                combinations.Add(bytes[(bytes.Length / 2)..]);
            }

            return bytes;
        };
        Good(world, 3);
        Good(world, 3);
        Assert.Equal(4, combinations.Select(Convert.ToHexString).Distinct().Count());
    }

    [Fact]
    public void A_batch_id_changes_with_everything_that_goes_into_it()
    {
        Guid version = new("00112233-4455-6677-8899-aabbccddeeff");
        byte[] sessions = new byte[48], nonces = new byte[96];
        BatchId id = BatchIds.Derive(version, 5, sessions, nonces);
        Assert.Equal(id, new BatchId(id.ToArray()));
        Assert.Equal(Convert.ToHexStringLower(id.ToArray())[..8], id.ToString());
        HashSet<BatchId> ids = [id, BatchIds.Derive(Guid.Empty, 5, sessions, nonces), BatchIds.Derive(version, 6, sessions, nonces)];
        for (int i = 0; i < sessions.Length + nonces.Length; i++)
        {
            byte[] s = [.. sessions], n = [.. nonces];
            (i < s.Length ? ref s[i] : ref n[i - s.Length]) ^= 1;
            Assert.True(ids.Add(BatchIds.Derive(version, 5, s, n)));
        }

        Assert.Throws<ArgumentException>(() => BatchIds.Derive(version, 5, sessions[1..], nonces));
        Assert.Throws<ArgumentException>(() => BatchIds.Derive(version, 5, sessions, nonces[1..]));
    }

    [Fact]
    public void A_maker_refuses_empty_batches()
    {
        using ThreePartyWorld world = new(_seed, 4, 2);
        Assert.ThrowsAny<ArgumentException>(() => world.Maker(1, default, 0));
    }

    internal static int Seeded(ITestOutputHelper output)
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        return seed;
    }

    private StockBatch[] Good(ThreePartyWorld world, int items)
    {
        (StockBatch[]? batches, StockCheckException?[] thrown) = world.Make(items);
        Assert.True(batches is not null, $"seed {_seed}: {thrown.FirstOrDefault(t => t is not null)?.Message}");
        return batches;
    }

    private static uint[] OpenMask(StockBatch[] batches, int rows, int item)
    {
        uint[] a1 = new uint[rows], a2 = new uint[rows], a3 = new uint[rows], a = new uint[rows];
        batches[1].OpenMask(item, a1);
        batches[2].OpenMask(item, a2);
        batches[3].OpenMask(item, a3);
        Assert.True(Shamir.OnALine(a1, a2, a3));
        Shamir.OpenLine(1, a1, 2, a2, a);
        return a;
    }

    private static byte[][] Round(StockBatchMaker[] makers, Action<StockBatchMaker> receive, Func<StockBatchMaker, byte[]> send)
    {
        foreach (StockBatchMaker maker in makers[1..])
        {
            receive(maker);
        }

        return [[], send(makers[1]), send(makers[2]), send(makers[3])];
    }
}
