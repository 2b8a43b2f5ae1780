namespace Trident.Tests;

/// <summary>Waits for what comes to be by itself. How long that takes is no matter; that it never does is a failure.</summary>
internal static class Until
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Asks until it is so.</summary>
    public static Task SoAsync(Func<bool> isSo, TimeSpan? patience = null) => SoAsync(() => Task.FromResult(isSo()), patience);

    /// <summary>Asks until it is so.</summary>
    public static Task SoAsync(Func<Task<bool>> isSo, TimeSpan? patience = null) => SoAsync(isSo, so => so, patience);

    /// <summary>Looks until it is so; gives what was seen then, and fails with what was seen last.</summary>
    public static async Task<T> SoAsync<T>(Func<Task<T>> look, Func<T, bool> isSo, TimeSpan? patience = null)
    {
        using CancellationTokenSource limit = new(patience ?? Patience);
        while (true)
        {
            T seen = await look();
            if (isSo(seen))
            {
                return seen;
            }

            if (limit.IsCancellationRequested)
            {
                throw new TimeoutException($"It did not come to be; seen last:\n{seen}");
            }

            await Task.Delay(Pause);
        }
    }
}
