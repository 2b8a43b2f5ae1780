using System.Text.RegularExpressions;
using Trident.Console.Measuring;
using Xunit;

namespace Trident.Console.Tests;

public class LevelTableTests
{
    [Fact]
    public void ScalingStandsBesideWhatTheOriginalExpected()
    {
        string[][] rows = [.. LevelTable.Rows([Result(1, 10), Result(2, 15), Result(3, 20), Result(16, 120)])];
        Assert.Equal(["1.00", "1.50", "2.00", "12.00"], rows.Select(r => r[4]));
        Assert.Equal(["1.0", "1.2", "-", "10.4"], rows.Select(r => r[5]));
    }

    [Fact]
    public void WithoutLevelOneThereIsNoScaling()
    {
        string[][] rows = [.. LevelTable.Rows([Result(4, 10), Result(8, 15)])];
        Assert.Equal(["-", "-"], rows.Select(r => r[4]));
        Assert.Equal(["2.4", "4.9"], rows.Select(r => r[5]));
    }

    [Fact]
    public void SuccessIsHavingAnAnswerAndCorrectnessIsItsBeingRight()
    {
        string[] row = LevelTable.Rows([Result(1, 1) with { Queries = 2000, Right = 1899, Wrong = 100, Failed = 1 }]).Single();

        // 1,999 of 2,000 are 99.95 per cent, which must not read as 100.0.
        Assert.Equal(("99.9", "94.9"), (row[1], row[2]));
        string[] none = LevelTable.Rows([Result(1, 0) with { Queries = 5, Right = 0, Failed = 5 }]).Single();
        Assert.Equal(("0.0", "0.0", "-"), (none[1], none[2], none[4]));
    }

    [Theory]
    [InlineData(200, 1)]
    [InlineData(80, 2)]
    [InlineData(10, 15)]
    public void NarrowTerminalsGetSeveralTables(int width, int tables)
    {
        string[][] rows = [.. LevelTable.Rows([Result(1, 10), Result(16, 12_345.67)])];
        List<int[]> blocks = LevelTable.Blocks(rows, width);
        Assert.Equal(tables, blocks.Count);
        Assert.All(blocks, b => Assert.Equal(0, b[0]));
        Assert.Equal(Enumerable.Range(1, 15), blocks.SelectMany(b => b.Skip(1)));
    }

    [Fact]
    public void TablesFitTheirTerminal()
    {
        StringWriter output = new();
        CommandContext context = new(output, TextWriter.Null);
        context.Results.Profile.Width = 80;
        LevelTable.Write(context, "pooled, stock", [Result(1, 10), Result(16, 12_345.67)]);
        string text = Regex.Replace(output.ToString(), "\x1b\\[[0-9;]*m", "");
        Assert.Contains("12,345.67", text);
        Assert.All(text.Split('\n'), line => Assert.True(line.Length <= 80, line));
        Assert.DoesNotContain("…", text);
    }

    [Fact]
    public void TheComparisonPutsTheFastestFirstAndTheUnmeasuredLast()
    {
        StringWriter output = new();
        LevelTable.Compare(new CommandContext(output, TextWriter.Null), 16, [
            (new Combination("shared", "stock"), Result(16, 2)),
            (new Combination("multiplexed", "stock"), null),
            (new Combination("pooled", "stock"), Result(16, 900)),
        ]);
        string text = output.ToString();
        int[] places = [.. new[] { "pooled", "shared", "multiplexed" }.Select(name => text.IndexOf(name, StringComparison.Ordinal))];
        Assert.DoesNotContain(-1, places);
        Assert.Equal(places.Order(), places);
        Assert.Contains("not measured", text);
        Assert.Contains("900.00", text);
    }

    private static LoadResult Result(int concurrency, double throughput) => new(
        concurrency, (int)throughput, (long)(throughput * 100), 0, 0, 0, TimeSpan.FromSeconds(100), new LatencySummary(1, 2, 3, 4), 0.5, new PhaseSummary(5, 6, 7, 8), 84, null);
}
