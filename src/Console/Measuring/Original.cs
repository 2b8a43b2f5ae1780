namespace Trident.Console.Measuring;

/// <summary>
/// What the system that this one reimplements expected of its change from one shared connection to an ephemeral one per share. These
/// are its own expectations, not measurements of ours, and it stated them for five levels of concurrency only.
/// </summary>
internal static class Original
{
    /// <summary>The levels that it spoke of.</summary>
    public static IReadOnlyList<int> Levels { get; } = [1, 2, 4, 8, 16];

    /// <summary>Queries a second before the change, by level.</summary>
    public static IReadOnlyList<double> Before { get; } = [1.30, 2.21, 2.17, 2.11, 2.00];

    /// <summary>Queries a second after the change, by level.</summary>
    public static IReadOnlyList<double> After { get; } = [1.30, 2.60, 5.20, 10.40, 20.80];

    private static readonly double[] Factors = [1, 1.2, 2.4, 4.9, 10.4];

    /// <summary>Throughput that it expected at a level, as a multiple of the one at level 1; null for a level it did not speak of.</summary>
    public static double? Factor(int concurrency) => Levels.ToList().IndexOf(concurrency) is >= 0 and int at ? Factors[at] : null;
}
