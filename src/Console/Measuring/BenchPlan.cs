namespace Trident.Console.Measuring;

/// <summary>Which queries are asked, and how many at a time.</summary>
/// <param name="Levels">Levels of concurrency, in this order; at least one.</param>
/// <param name="Queries">Queries of each level.</param>
/// <param name="WarmUp">Queries before the first level that are not counted.</param>
/// <param name="WarmUpLevel">How many of those are under way at a time.</param>
/// <param name="Seed">Seed of the rows.</param>
internal sealed record BenchPlan(int[] Levels, int Queries, int WarmUp, int WarmUpLevel, int Seed)
{
    /// <summary>Runs the warm-up and the levels.</summary>
    /// <param name="load">Where to ask.</param>
    /// <param name="tableRows">Rows of the table.</param>
    /// <param name="goOn">Asked after each level whether the next is worth its time.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<List<LoadResult>> RunAsync(Fetches load, int tableRows, Func<LoadResult, bool> goOn, CancellationToken stop)
    {
        if (WarmUp > 0)
        {
            await load.RunAsync("warm-up", LoadRun.RandomRows(WarmUp, tableRows, Seed), WarmUpLevel, stop);
        }

        List<LoadResult> results = [];
        for (int i = 0; i < Levels.Length; i++)
        {
            int[] rows = LoadRun.RandomRows(Queries, tableRows, unchecked(Seed + i + 1));
            LoadResult result = await load.RunAsync(FormattableString.Invariant($"concurrency {Levels[i]}"), rows, Levels[i], stop);
            results.Add(result);
            if (!goOn(result))
            {
                break;
            }
        }

        return results;
    }
}
