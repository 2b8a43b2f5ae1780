using CsCheck;
using Trident.Console.Text;
using Xunit;
using Xunit.Abstractions;

namespace Trident.Console.Tests;

public class NumberListTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("7", new[] { 7 })]
    [InlineData("1,2,16", new[] { 1, 2, 16 })]
    [InlineData(" 3 , 4", new[] { 3, 4 })]
    [InlineData("5,5,5", new[] { 5, 5, 5 })]
    [InlineData("-1", new[] { -1 })]
    public void ReadsNumbers(string text, int[] expected) => Assert.Equal(expected, NumberList.Parse(text, "row"));

    [Theory]
    [InlineData("")]
    [InlineData("1,")]
    [InlineData(",1")]
    [InlineData("1,,2")]
    [InlineData("one")]
    [InlineData("1.5")]
    [InlineData("1;2")]
    [InlineData("2147483648")]
    public void RefusesAnythingElse(string text)
    {
        FormatException e = Assert.Throws<FormatException>(() => NumberList.Parse(text, "row"));
        Assert.Contains("row", e.Message);
        Assert.Contains($"'{text}'", e.Message);
    }

    [Fact]
    public void RefusesNumbersOutsideTheRange()
    {
        Assert.Equal([1, 4096], NumberList.Parse("1,4096", "concurrency", 1, 4096));
        Assert.Contains("0 is not a concurrency", Assert.Throws<FormatException>(() => NumberList.Parse("4,0", "concurrency", 1, 4096)).Message);
        Assert.Throws<FormatException>(() => NumberList.Parse("4097", "concurrency", 1, 4096));
    }

    [Fact]
    public void ReadsBackWhatWasJoined() => Gen.Int.Array[1, 50].Sample(
        numbers => Assert.Equal(numbers, NumberList.Parse(string.Join(',', numbers), "row")), writeLine: output.WriteLine);
}
