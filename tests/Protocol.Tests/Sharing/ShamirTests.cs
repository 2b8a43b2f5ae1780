using CsCheck;
using Trident.Protocol.Field;
using Trident.Protocol.Sharing;
using Xunit;

namespace Trident.Protocol.Tests.Sharing;

public class ShamirTests
{
    private static readonly Gen<uint[]> Secret = Gen.UInt[0, Mersenne31.P - 1].Array[0, 2500];

    [Fact]
    public void Any_two_shares_open_the_secret() => Secret.Sample(secret =>
    {
        uint[][] shares = Share(secret);
        Assert.True(Shamir.OnALine(shares[0], shares[1], shares[2]));
        Assert.Equal(-1, Shamir.FirstOffLine(shares[0], shares[1], shares[2]));
        uint[] opened = new uint[secret.Length];
        for (int a = 1; a <= 3; a++)
        {
            for (int b = 1; b <= 3; b++)
            {
                if (a != b)
                {
                    Shamir.OpenLine(a, shares[a - 1], b, shares[b - 1], opened);
                    Assert.Equal(secret, opened);
                }
            }
        }
    }, iter: 50);

    [Fact]
    public void Products_of_shares_open_as_a_parabola() => Gen.Select(Gen.UInt[0, Mersenne31.P - 1], Gen.UInt[0, Mersenne31.P - 1])
        .Array[1, 1500].Sample(pairs =>
        {
            uint[][] left = Share([.. pairs.Select(p => p.Item1)]), right = Share([.. pairs.Select(p => p.Item2)]);
            uint[][] products = [.. left.Zip(right, (l, r) => l.Zip(r, Mersenne31.Mul).ToArray())];
            uint[] opened = new uint[pairs.Length];
            Shamir.OpenParabola(products[0], products[1], products[2], opened);
            Assert.Equal(pairs.Select(p => Mersenne31.Mul(p.Item1, p.Item2)), opened);

            // The result may take the place of a share.
            Shamir.OpenParabola(products[0], products[1], products[2], products[2]);
            Assert.Equal(opened, products[2]);
        }, iter: 50);

    [Fact]
    public void One_changed_word_is_off_the_line_and_its_place_is_named() =>
        Gen.Select(Gen.Int[1, 200], Gen.Int[0, 1000], Gen.Int[0, 2], Gen.UInt[1, Mersenne31.P - 1]).Sample((length, at, party, error) =>
        {
            uint[][] shares = Share(new uint[length]);
            at %= length;
            shares[party][at] = Mersenne31.Add(shares[party][at], error);
            Assert.False(Shamir.OnALine(shares[0], shares[1], shares[2]));
            Assert.Equal(at, Shamir.FirstOffLine(shares[0], shares[1], shares[2]));
        });

    [Fact]
    public void Shares_of_one_secret_differ_each_time()
    {
        uint[] secret = new uint[64];
        uint[][] first = Share(secret), second = Share(secret);
        for (int party = 0; party < 3; party++)
        {
            Assert.NotEqual(first[party], second[party]);
        }
    }

    [Fact]
    public void The_secret_may_be_shared_in_place()
    {
        uint[] secret = [1, 2, Mersenne31.P - 1], first = [.. secret], second = new uint[3], third = new uint[3];
        Shamir.Share(first, first, second, third);
        uint[] opened = new uint[3];
        Shamir.OpenLine(1, first, 3, third, opened);
        Assert.Equal(secret, opened);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 4)]
    [InlineData(2, 2)]
    public void Only_two_different_parties_open_a_line(int a, int b) =>
        Assert.Throws<ArgumentException>(() => Shamir.OpenLine(a, new uint[1], b, new uint[1], new uint[1]));

    [Fact]
    public void Bad_input_is_refused()
    {
        uint[] one = new uint[1], two = new uint[2];
        Assert.Contains(
            "below", Assert.Throws<ArgumentException>(() => Shamir.Share([Mersenne31.P], new uint[1], new uint[1], new uint[1])).Message);
        Assert.Throws<ArgumentException>(() => Shamir.Share(one, one, two, one));
        Assert.Throws<ArgumentException>(() => Shamir.OpenLine(1, one, 2, two, one));
        Assert.Throws<ArgumentException>(() => Shamir.OpenParabola(one, one, two, one));
        Assert.Throws<ArgumentException>(() => Shamir.OnALine(one, two, one));
        Assert.Throws<ArgumentException>(() => Shamir.FirstOffLine(one, two, one));
    }

    private static uint[][] Share(uint[] secret)
    {
        uint[][] shares = [new uint[secret.Length], new uint[secret.Length], new uint[secret.Length]];
        Shamir.Share(secret, shares[0], shares[1], shares[2]);
        return shares;
    }
}
