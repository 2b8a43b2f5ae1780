using Trident.Protocol.Field;
using Trident.Protocol.Product;
using Xunit;
using Xunit.Abstractions;

namespace Trident.Protocol.Tests.Product;

public class AnsweringTests(ITestOutputHelper output)
{
    private readonly int _seed = StockBatchTests.Seeded(output);

    [Theory]
    [InlineData(1, 1, false)]
    [InlineData(3, 7, false)]
    [InlineData(13, 5, false)]
    [InlineData(65, 35, false)]
    [InlineData(1000, 17, false)]
    [InlineData(1, 1, true)]
    [InlineData(3, 7, true)]
    [InlineData(13, 5, true)]
    [InlineData(65, 35, true)]
    [InlineData(1000, 17, true)]
    public void Every_kind_of_row_comes_back_bit_for_bit_from_all_three_and_from_any_two(int rows, int columns, bool beaver)
    {
        using ThreePartyWorld world = new(_seed, rows, columns, beaver);
        world.Stock(48);
        int[][] who = [[1, 2, 3], [1, 2], [1, 3], [2, 3]];
        foreach (int row in new[] { 0, rows / 2, rows - 1 })
        {
            foreach (int[] parties in who)
            {
                (uint[] words, bool verified) = world.Fetch([row], leaseFrom: parties[^1], parties: parties);
                Assert.Equal(world.Row(row).ToArray(), words);
                Assert.Equal(parties.Length == 3, verified);
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Several_rows_come_in_one_query_the_same_row_twice_too(bool beaver)
    {
        using ThreePartyWorld world = new(_seed, 29, 6, beaver);
        world.Stock(40);
        int[] asked = [28, 0, 5, 5, 17, 3, 28, 9, 1];
        (uint[] words, bool verified) = world.Fetch(asked, leaseFrom: 2);
        Assert.True(verified);
        Assert.Equal(asked.SelectMany(r => world.Row(r).ToArray()), words);
    }

    [Theory]
    [InlineData(Message.EShare, false)]
    [InlineData(Message.ZShare, false)]
    [InlineData(Message.EShare, true)]
    [InlineData(Message.ZShare, true)]
    public void One_lying_party_among_three_is_caught_at_any_position(Message where, bool beaver)
    {
        for (int liar = 1; liar <= 3; liar++)
        {
            using ThreePartyWorld world = new(_seed, 21, 5, beaver);
            world.Stock(12);
            int words = where == Message.EShare ? beaver ? 21 * 6 : 21 : 5;
            foreach (int word in new[] { 0, words / 2, words - 1 })
            {
                world.Intercept = (kind, from, _, bytes) => kind == where && from == liar ? ThreePartyWorld.Lie(bytes, word, 5) : bytes;
                OffTheLineException e = Assert.Throws<OffTheLineException>(() => world.Fetch([20], leaseFrom: 1 + word % 3));
                Assert.Contains("check", e.Message);
                Assert.Contains($"position {word}", e.Message);
            }
        }
    }

    [Theory]
    [InlineData(Message.EShare, "e-share check", false)]
    [InlineData(Message.ZShare, "", false)]
    [InlineData(Message.EShare, "e-share check", true)]
    [InlineData(Message.ZShare, "", true)]
    public void A_word_that_is_no_element_is_refused_even_when_nothing_checks_the_line(Message where, string check, bool beaver)
    {
        using ThreePartyWorld world = new(_seed, 8, 3, beaver);
        world.Stock(6);
        world.Intercept = (kind, from, _, bytes) => kind == where && from == 2 ? ThreePartyWorld.NoElement(bytes, 2) : bytes;
        Assert.Contains(check, Assert.Throws<OffTheLineException>(() => world.Fetch([4], leaseFrom: 1, parties: [1, 2])).Message);
        Assert.Contains(check, Assert.Throws<OffTheLineException>(() => world.Fetch([4])).Message);
    }

    [Fact]
    public void Two_shares_open_unverified_and_a_lie_there_goes_unseen()
    {
        // Not a feature: this is what the mark "unverified" stands for.
        using ThreePartyWorld world = new(_seed, 8, 3);
        world.Stock(6);
        world.Intercept = (kind, from, _, bytes) => kind == Message.ZShare && from == 2 ? ThreePartyWorld.Lie(bytes, 0) : bytes;
        (uint[] words, bool verified) = world.Fetch([4], leaseFrom: 1, parties: [1, 2]);
        Assert.False(verified);
        Assert.NotEqual(world.Row(4).ToArray(), words);
    }

    [Fact]
    public void One_share_opens_nothing()
    {
        uint[] share = [1, 2, 3];
        Assert.Throws<ArgumentException>(() => Answering.OpenE(1, [1, 2, 3], [], []));
        Assert.Throws<ArgumentException>(() => Answering.OpenAnswer([], share, []));
        Assert.Throws<ArgumentException>(() => Answering.OpenAnswer([], [], []));
    }

    [Fact]
    public void Shares_of_different_lengths_are_refused()
    {
        Assert.ThrowsAny<Exception>(() => Answering.OpenE(1, new uint[] { 1, 2, 3 }, [1, 2], []));
        Assert.ThrowsAny<Exception>(() => Answering.OpenE(2, [1, 2, 3], [1, 2, 3], [1, 2, 3, 4]));
        Assert.ThrowsAny<Exception>(() => Answering.OpenAnswer([1, 2, 3], [1, 2, 3], [1, 2]));
    }

    [Fact]
    public void What_a_peer_sees_of_one_row_asked_twice_looks_like_two_queries()
    {
        using ThreePartyWorld world = new(_seed, 64, 2);
        world.Stock(6);
        List<byte[]> seen = [];
        world.Intercept = (kind, from, to, bytes) =>
        {
            if (kind == Message.EShare && (from, to) == (1, 2))
            {
                seen.Add([.. bytes]);
            }

            return bytes;
        };
        world.Fetch([9]);
        world.Fetch([9]);
        Assert.Equal(2, seen.Count);
        Assert.Equal(0, seen[0].Chunk(4).Zip(seen[1].Chunk(4)).Count(p => p.First.AsSpan().SequenceEqual(p.Second)));
    }

    [Fact]
    public void E_share_may_replace_the_selector()
    {
        uint[] selector = [5, 0, Mersenne31.P - 1], mask = [7, 1, Mersenne31.P - 1];
        Answering.EShare(selector, mask, selector);
        Assert.Equal([Mersenne31.P - 2, Mersenne31.P - 1, 0u], selector);
    }
}
