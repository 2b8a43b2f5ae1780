using Trident.Abstractions;
using Trident.Grains.Exchange;
using Trident.Protocol.Product;
using Trident.Protocol.Tables;

namespace Trident.Grains.Stock;

/// <summary>How much stock a table has, how much its ledger may hold, and how it is made in batches. All follow from the table and the budget.</summary>
public static class StockSizes
{
    private const int MinimumWords = 1 << 22;
    private const int QueriesHeld = 8;

    /// <summary>
    /// Items of a table's full stock: what three fifths of the budget hold, at least 192, or as many as have four million words where an
    /// item is a wide score table's, but 12. The rest is for tickets that are leased and not yet used. With the product
    /// <c>beaver</c> an item costs as much as a query, so there is less: what can be made in a few seconds, 24 to 384.
    /// </summary>
    public static int Target(TableDescription table, ExchangeOptions options)
    {
        long budget = options.StockBudgetBytes * 3 / 5 / ItemBytes(table);
        return table.Product == TableDescription.BeaverProduct
            ? (int)Math.Clamp(Math.Min(budget, 400_000_000L / MatrixWords(table)), 24, 384)
            : (int)Math.Clamp(budget, MinimumItems(table), 1 << 24);
    }

    /// <summary>
    /// Bytes that a table's ledger may hold: the budget, but never less than twice the smallest stock, nor than what eight queries as large
    /// as they may be hold tickets of.
    /// </summary>
    public static long LedgerBytes(TableDescription table, ExchangeOptions options) =>
        Math.Max(options.StockBudgetBytes, Math.Max(2L * MinimumItems(table), (long)QueriesHeld * QueryLimits.MaxRows(table)) * ItemBytes(table));

    /// <summary>
    /// Items of one batch, at most a quarter of the stock, or half of a small one, as two more are made than a batch yields: about four
    /// million mask words and six million of products, so that a batch takes well under a second;
    /// with the product <c>beaver</c> about eight million words of matrices, and the same number for each party to give out.
    /// </summary>
    public static int BatchItems(TableDescription table, ExchangeOptions options) => table.Product == TableDescription.BeaverProduct
        ? (int)Math.Clamp(8_000_000L / MatrixWords(table), 3, Math.Min(StockShape.MaxItems(table), Target(table, options) / 4)) / 3 * 3
        : (int)Math.Clamp(Math.Min(Math.Max(4_000_000L / table.Rows, 12), Math.Max(6_000_000L / table.Words, 6)), 6,
            Math.Max(Math.Min(4096, Target(table, options) / 4), 6));

    /// <summary>Bytes that so many items hold.</summary>
    public static long Bytes(TableDescription table, int items) => items * ItemBytes(table);

    private static int MinimumItems(TableDescription table) => Math.Clamp(MinimumWords / table.Words, 12, 192);

    private static long MatrixWords(TableDescription table) => (long)table.Rows * table.Words;

    private static long ItemBytes(TableDescription table) => table.Words * (long)sizeof(uint);
}
