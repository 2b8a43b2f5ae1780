using Trident.Abstractions;
using Xunit;

namespace Trident.Grains.Tests;

public sealed class QueryPlaintextTests
{
    private static byte[] Sample(int count) => QueryPlaintext.Write(
        [.. Enumerable.Range(0, count).Select(i => (Enumerable.Repeat((byte)i, 32).ToArray(), i * 7))],
        [.. Enumerable.Range(0, count).Select(i => Enumerable.Repeat((byte)(100 + i), 13).ToArray())]);

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(1024)]
    public void What_is_written_is_read(int count)
    {
        QueryPlaintext query = QueryPlaintext.Parse(Sample(count), count);
        for (int i = 0; i < count; i++)
        {
            Assert.Equal((byte)i, query.Ticket(i).Batch.ToArray()[31]);
            Assert.Equal(i * 7, query.Ticket(i).Item);
            Assert.Equal((byte)(100 + i), query.Key(i)[12]);
        }
    }

    [Fact]
    public void Cut_short_grown_miscounted_or_of_another_version_is_refused()
    {
        byte[] bytes = Sample(3);
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<FormatException>(() => QueryPlaintext.Parse(bytes.AsMemory(0, length), 3));
        }

        Assert.Throws<FormatException>(() => QueryPlaintext.Parse(new byte[bytes.Length + 1], 3));
        Assert.Contains("keys", Assert.Throws<FormatException>(() => QueryPlaintext.Parse(bytes, 2)).Message);
        bytes[0] = 9;
        Assert.Contains("version 9", Assert.Throws<FormatException>(() => QueryPlaintext.Parse(bytes, 3)).Message);
    }
}
