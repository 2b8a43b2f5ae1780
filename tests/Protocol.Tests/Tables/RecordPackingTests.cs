using CsCheck;
using Trident.Protocol.Tables;
using Xunit;

namespace Trident.Protocol.Tests.Tables;

public class RecordPackingTests
{
    [Fact]
    public void Any_bytes_come_back() => Gen.Byte.Array[0, 300].Sample(
        bytes =>
        {
            uint[] words = new uint[RecordPacking.WordsFor(bytes.Length)];
            RecordPacking.Pack(bytes, words);
            byte[] back = new byte[bytes.Length];
            RecordPacking.Unpack(words, back);
            return words.All(w => w < 1u << 30) && back.SequenceEqual(bytes);
        }); // a failure's message has CsCheck's seed

    [Fact]
    public void Bits_are_where_the_docs_say()
    {
        uint[] words = new uint[2];
        RecordPacking.Pack([0x01, 0x00, 0x00, 0xC0, 0xFF], words);
        Assert.Equal([1u, 0x3FFu], words); // bit 30 is word 1's bit 0
    }

    [Theory]
    [InlineData(128, 35)] // SIFT
    [InlineData(15, 4)]
    [InlineData(16, 5)]
    [InlineData(1, 1)]
    public void Words_are_counted(int bytes, int words)
    {
        Assert.Equal(words, RecordPacking.WordsFor(bytes));
        Assert.Equal(words, new RecordShape(ElementKind.U8, bytes).Words);
    }

    [Fact]
    public void A_word_of_2_to_the_30_is_refused()
    {
        byte[] record = [1, 2, 3];
        var e = Assert.Throws<TableException>(() => RecordPacking.Unpack([1u << 30], record));
        Assert.Contains("2^30", e.Message);
        Assert.Equal([0, 0, 0], record);
    }

    [Fact]
    public void A_set_bit_past_the_end_is_refused() =>
        Assert.Contains("past the end", Assert.Throws<TableException>(() => RecordPacking.Unpack([1u << 24], new byte[3])).Message);

    [Fact]
    public void Spans_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => RecordPacking.Pack(new byte[4], new uint[1]));
        Assert.Throws<ArgumentException>(() => RecordPacking.Unpack(new uint[3], new byte[4]));
    }
}
