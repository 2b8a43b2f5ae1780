using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Trident.Protocol.Selection;
using Xunit;

namespace Trident.Protocol.Tests.Selection;

public class SelectorKeyFormatTests
{
    // Made once by a separate program in another language, from the format and the equations alone.
    private static readonly string[] FrozenDigests =
    [
        "39C872452493E98D7CDE2D1624CC5D650499AAD35BF1FD0B5BE0033DBB07A017",
        "C4B52F34A9F985B673065688F3E4204E54A6C5BE170F5BCABC2C1D166B004587",
        "D912DF8030EA3E99C9964ABD5F1717120E05CE17B62F42FA8D5972400FECA3E1",
    ];

    [Theory]
    [InlineData(1, 18 + 2 * 32)]
    [InlineData(4, 18 + 2 * 32)]
    [InlineData(5, 18 + 2 * (32 + 17))]
    [InlineData(10_000, 490)]
    public void SizeFollowsFromTheRows(int rows, int size)
    {
        Assert.Equal(size, SelectorKey.SizeFor(rows));
        for (int row = 0; row < rows; row += Math.Max(1, rows / 7))
        {
            Assert.All(SelectorKey.Generate(rows, row), key => Assert.Equal(size, key.ToBytes().Length));
        }
    }

    [Fact]
    public void KeysSurviveTheTrip()
    {
        foreach (SelectorKey key in SelectorKey.Generate(1234, 1233))
        {
            SelectorKey read = SelectorKey.Parse(key.ToBytes(), key.Party, 1234);
            Assert.Equal((key.Party, key.Rows), (read.Party, read.Rows));
            Assert.Equal(key.ToBytes(), read.ToBytes());
            uint[] a = new uint[1234], b = new uint[1234];
            key.Evaluate(a);
            read.Evaluate(b);
            Assert.Equal(a, b);
        }
    }

    [Fact]
    public void HeaderIsWhereTheFormatSaysItIs()
    {
        byte[] bytes = SelectorKey.Generate(10_000, 5)[1].ToBytes();
        Assert.Equal("5453454C010210270000", Convert.ToHexString(bytes[..10]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void FrozenKeyKeepsItsMeaning(int party)
    {
        // A key of hash bytes: no sharing, but every part of the evaluation takes part in the digest.
        const int Rows = 1001;
        byte[] bytes = FrozenKey(Rows, party);
        SelectorKey key = SelectorKey.Parse(bytes, party, Rows);
        uint[] shares = new uint[Rows];
        key.Evaluate(shares);
        byte[] words = new byte[4 * Rows];
        for (int i = 0; i < Rows; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(words.AsSpan(4 * i), shares[i]);
        }

        Assert.Equal(FrozenDigests[party - 1], Convert.ToHexString(SHA256.HashData(words)));
    }

    [Fact]
    public void EveryRefusalHasItsOwnMessage()
    {
        byte[] good = SelectorKey.Generate(1000, 3)[0].ToBytes();
        List<string> messages =
        [
            Refusal([], 1, 1000, "cut short"),
            Refusal(Changed(good, 0, 0x20), 1, 1000, "not a selector key"),
            Refusal(Changed(good, 4, 3), 1, 1000, "version 2"),
            Refusal(good, 2, 1000, "marked for party 1"),
            Refusal(good, 1, 999, "table of 1000 rows"),
            Refusal(good[..^1], 1, 1000, "wrong size"),
            Refusal(Changed(good, 33, 0x80), 1, 1000, "damaged"),
        ];
        Assert.Equal(messages.Count, messages.Distinct().Count());
        Refusal([.. good, 0], 1, 1000, "wrong size");
        Refusal(good[..17], 1, 1000, "cut short");
        Refusal(Changed(good, 5, 0xff), 1, 1000, "party 254");
        Refusal(Changed(good, 9, 0x80), 1, 1000, "rows");
        Refusal(Changed(good, 13, 0x80), 1, 1000, "damaged");
        Refusal(Changed(good, 17, 0x80), 1, 1000, "damaged");
        Refusal(Changed(good, 18 + 16 + 15, 0x80), 1, 1000, "damaged");
        Refusal(Changed(good, 18 + 16 + 16, 0x04), 1, 1000, "damaged");
        Refusal(Changed(good, good.Length - 1, 0x80), 1, 1000, "damaged");
    }

    [Fact]
    public void CallersMistakesAreNamed()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => SelectorKey.Generate(0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => SelectorKey.Generate((1 << 26) + 1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => SelectorKey.Generate(10, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => SelectorKey.Generate(10, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => SelectorKey.SizeFor(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => SelectorKey.Parse(new byte[100], 4, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => SelectorKey.Parse(new byte[100], 0, 10));
        SelectorKey key = SelectorKey.Generate(10, 1)[0];
        Assert.Throws<ArgumentException>(() => key.Evaluate(new uint[9]));
        Assert.Throws<ArgumentException>(() => key.Evaluate(new uint[11]));
        key.Dispose();
        key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => key.Evaluate(new uint[10]));
        Assert.Throws<ObjectDisposedException>(() => key.ToBytes());
    }

    private static string Refusal(byte[] bytes, int party, int rows, string part)
    {
        string message = Assert.Throws<SelectorKeyException>(() => SelectorKey.Parse(bytes, party, rows)).Message;
        Assert.Contains(part, message, StringComparison.Ordinal);
        return message;
    }

    private static byte[] Changed(byte[] bytes, int at, byte flip)
    {
        byte[] copy = (byte[])bytes.Clone();
        copy[at] ^= flip;
        return copy;
    }

    private static byte[] FrozenKey(int rows, int party)
    {
        byte[] key = new byte[SelectorKey.SizeFor(rows)];
        for (int i = 0; i < key.Length; i++)
        {
            key[i] = (byte)(SHA256.HashData(Encoding.ASCII.GetBytes($"frozen {i}"))[0] & 0x7f);
        }

        "TSEL"u8.CopyTo(key);
        key[4] = 1;
        key[5] = (byte)party;
        BinaryPrimitives.WriteInt32LittleEndian(key.AsSpan(6), rows);
        int depth = 0;
        while (4 << depth < rows)
        {
            depth++;
        }

        for (int function = 0; function < 2; function++)
        {
            for (int level = 0; level < depth; level++)
            {
                key[18 + function * (32 + 17 * depth) + 16 + 17 * level + 16] &= 3;
            }
        }

        return key;
    }
}
