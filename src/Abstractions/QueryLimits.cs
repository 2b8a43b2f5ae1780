using Trident.Protocol.Tables;

namespace Trident.Abstractions;

/// <summary>How much one query may ask for.</summary>
public static class QueryLimits
{
    private const long MaxSelectorWords = 1L << 25;
    private const long MaxRecordWords = 1L << 18;
    private const long MaxScoreWords = 1L << 20;

    /// <summary>
    /// The most rows of a table that one query may ask for, 1 to <see cref="QueryPlaintext.MaxCount"/>: what a party holds and sends
    /// for it is bounded, and so is the stock that it needs all at once, as much as it brings. With the product <c>beaver</c> each row asked
    /// for sends as much as the whole table, and of a score table each vector brings a word for every column.
    /// </summary>
    public static int MaxRows(TableDescription table) => (int)Math.Clamp(
        table.Product == TableDescription.BeaverProduct
            ? TableDescription.MaxBeaverFrameWords / ((long)table.Rows * (table.Words + 1))
            : table.IsScores ? MaxScoreWords / Math.Max(table.Rows, table.Words) : Math.Min(MaxSelectorWords / table.Rows, MaxRecordWords / table.Words),
        1,
        QueryPlaintext.MaxCount);
}
