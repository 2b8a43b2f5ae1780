using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Trident.Protocol.Field;
using Trident.Protocol.Sharing;
using Xunit;

namespace Trident.Protocol.Tests.Sharing;

public class PrssTests
{
    private static readonly byte[] Domain = [.. Enumerable.Range(0, Prss.DomainBytes).Select(i => (byte)i)];

    [Fact]
    public void Degree_1_shares_lie_on_a_line_and_look_random() => Gen.Select(Gen.Int[1, 1300], Gen.Int).Sample((length, item) =>
    {
        uint[][] shares = Draw(PrssPurpose.Mask, Domain, item, length);
        Assert.True(Shamir.OnALine(shares[0], shares[1], shares[2]));
        uint[] value = new uint[length];
        Shamir.OpenLine(1, shares[0], 2, shares[1], value);
        Assert.True(length < 8 || value.Distinct().Count() > length / 2);
    }, iter: 30);

    [Fact]
    public void Shares_of_zero_are_a_parabola_through_zero_that_is_no_line() => Gen.Select(Gen.Int[8, 1300], Gen.Int).Sample((length, item) =>
    {
        uint[][] shares = Draw(PrssPurpose.Zero, Domain, item, length);
        uint[] value = new uint[length];
        Shamir.OpenParabola(shares[0], shares[1], shares[2], value);
        Assert.All(value, word => Assert.Equal(0u, word));
        Assert.False(Shamir.OnALine(shares[0], shares[1], shares[2]));
    }, iter: 30);

    [Fact]
    public void Shares_follow_the_definition()
    {
        // Written out a second time from the definition, with the platform's HKDF and AES and nothing of the project's.
        const int Item = -7;
        const int Length = 21;
        byte[][] secrets = Secrets();
        for (int party = 1; party <= 3; party++)
        {
            uint[] line = Draw(PrssPurpose.Rho, Domain, Item, Length)[party - 1];
            uint[] zero = Draw(PrssPurpose.Zero, Domain, Item, Length)[party - 1];
            for (int position = 0; position < Length; position++)
            {
                ulong expectedLine = 0, expectedZero = 0;
                foreach (int missing in new[] { 1, 2, 3 }.Where(m => m != party))
                {
                    // 1 − i/m as (m − i)·m⁻¹; the inverse of 2 is 2^30 and that of 3 is 1431655765.
                    ulong inverse = missing == 1 ? 1UL : missing == 2 ? 1UL << 30 : 1431655765UL;
                    ulong coefficient = (ulong)(missing - party + Mersenne31.P) % Mersenne31.P * inverse % Mersenne31.P;
                    byte[] secret = secrets[missing - 1];
                    expectedLine += Psi(secret, PrssPurpose.Rho, Item, position) * coefficient % Mersenne31.P;
                    expectedZero += Psi(secret, PrssPurpose.Zero, Item, position) * coefficient % Mersenne31.P * (ulong)party % Mersenne31.P;
                }

                Assert.Equal((uint)(expectedLine % Mersenne31.P), line[position]);
                Assert.Equal((uint)(expectedZero % Mersenne31.P), zero[position]);
            }
        }
    }

    [Fact]
    public void Purpose_domain_and_item_each_change_the_values()
    {
        byte[] other = [.. Domain];
        other[47] ^= 1;
        uint[] mask = Draw(PrssPurpose.Mask, Domain, 0, 16)[0];
        Assert.Equal(mask, Draw(PrssPurpose.Mask, Domain, 0, 16)[0]);
        Assert.NotEqual(mask, Draw(PrssPurpose.Rho, Domain, 0, 16)[0]);
        Assert.NotEqual(mask, Draw(PrssPurpose.Mask, other, 0, 16)[0]);
        Assert.NotEqual(mask, Draw(PrssPurpose.Mask, Domain, 1, 16)[0]);
    }

    [Fact]
    public void A_shorter_read_is_the_beginning_of_a_longer_one() => Gen.Select(Gen.Int[0, 1100], Gen.Int[0, 1100]).Sample((a, b) =>
    {
        uint[] shorter = Draw(PrssPurpose.Coin, Domain, 3, Math.Min(a, b))[1];
        uint[] longer = Draw(PrssPurpose.Coin, Domain, 3, Math.Max(a, b))[1];
        Assert.Equal(shorter, longer[..shorter.Length]);
    }, iter: 20);

    [Fact]
    public void A_lane_that_equals_p_is_drawn_again()
    {
        using Aes128 cipher = new(new byte[16]);
        uint[] lanes = [5, Mersenne31.P, 6, 7, Mersenne31.P];
        PrssStream.Redraw(cipher, 9, 4, lanes);
        byte[] block = new byte[16];
        uint At(int position)
        {
            Array.Clear(block);
            BinaryPrimitives.WriteInt32LittleEndian(block, 9);
            BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan(4), 1);
            BinaryPrimitives.WriteInt64LittleEndian(block.AsSpan(8), position / 4);
            cipher.Encrypt(block);
            return BinaryPrimitives.ReadUInt32LittleEndian(block.AsSpan(position % 4 * 4)) & Mersenne31.P;
        }

        Assert.Equal(new uint[] { 5, At(5), 6, 7, At(8) }, lanes);
    }

    [Fact]
    public void Zero_and_degree_1_cannot_come_from_one_stream()
    {
        using Prss prss = Parties()[0];
        using PrssStream zero = prss.Open(PrssPurpose.Zero, Domain), mask = prss.Open(PrssPurpose.Mask, Domain);
        Assert.Throws<InvalidOperationException>(() => zero.Degree1(0, new uint[1]));
        Assert.Throws<InvalidOperationException>(() => mask.Zero2(0, new uint[1]));
    }

    [Fact]
    public void Bad_input_and_use_after_disposal_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new PairKeys(0, new byte[32], new byte[32]));
        Assert.Throws<ArgumentException>(() => new PairKeys(1, new byte[31], new byte[32]));
        using PairKeys keys = new(2, new byte[32], new byte[32]);
        Assert.Throws<ArgumentException>(() => keys.With(2));
        Assert.Throws<ArgumentException>(() => keys.With(4));
        Prss prss = new(keys);
        Assert.Throws<ArgumentException>(() => prss.Open(PrssPurpose.Mask, new byte[47]));
        Assert.Throws<ArgumentException>(() => prss.Open((PrssPurpose)99, Domain));
        PrssStream stream = prss.Open(PrssPurpose.Mask, Domain);
        stream.Dispose();
        Assert.Throws<ObjectDisposedException>(() => stream.Degree1(0, new uint[4]));
        prss.Dispose();
        Assert.Throws<ObjectDisposedException>(() => prss.Open(PrssPurpose.Mask, Domain));
    }

    // The secret of the pair without party m is at m − 1.
    private static byte[][] Secrets() => [.. Enumerable.Range(1, 3).Select(m => SHA256.HashData([(byte)m]))];

    private static Prss[] Parties()
    {
        byte[][] s = Secrets();
        return [new(new PairKeys(1, s[2], s[1])), new(new PairKeys(2, s[2], s[0])), new(new PairKeys(3, s[1], s[0]))];
    }

    private static uint[][] Draw(PrssPurpose purpose, byte[] domain, int item, int length)
    {
        uint[][] shares = [new uint[length], new uint[length], new uint[length]];
        Prss[] parties = Parties();
        for (int i = 0; i < 3; i++)
        {
            using PrssStream stream = parties[i].Open(purpose, domain);
            if (purpose == PrssPurpose.Zero)
            {
                stream.Zero2(item, shares[i]);
            }
            else
            {
                stream.Degree1(item, shares[i]);
            }

            parties[i].Dispose();
        }

        return shares;
    }

    private static ulong Psi(byte[] secret, PrssPurpose purpose, int item, int position)
    {
        byte[] info = [.. Encoding.ASCII.GetBytes("trident prss v1"), (byte)purpose, .. Domain];
        using Aes aes = Aes.Create();
        aes.Key = HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 16, null, info);
        byte[] counter = [.. BitConverter.GetBytes(item), 0, 0, 0, 0, .. BitConverter.GetBytes((long)(position / 4))];
        byte[] block = aes.EncryptEcb(counter, PaddingMode.None);
        return BitConverter.ToUInt32(block, position % 4 * 4) & Mersenne31.P;
    }
}
