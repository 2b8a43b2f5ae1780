using Trident.Client;
using Trident.Protocol.Tables;

namespace Trident.Console.Measuring;

/// <summary>Runs of single-row queries to one table, under a progress bar.</summary>
internal sealed class Fetches(CommandContext context, TridentClient client, TableDescription table, PlainTable? plain)
{
    /// <summary>Asks for every one of <paramref name="rows"/>.</summary>
    public async Task<LoadResult> RunAsync(string title, int[] rows, int concurrency, CancellationToken stop)
    {
        LoadResult? result = null;
        await context.WithProgressAsync(title, async report =>
            result = await LoadRun.RunAsync(rows, concurrency, FetchAsync, plain is null ? null : plain.IsRight, report, stop));
        return result!;
    }

    private async Task<Answer> FetchAsync(int row, CancellationToken stop)
    {
        FetchResult result = await client.FetchAsync(table.Name, row, stop);
        return new Answer(result.Records[0], result.Verified, result.BytesToEachPeer, PhaseSummary.Slowest(result.Phases));
    }
}
