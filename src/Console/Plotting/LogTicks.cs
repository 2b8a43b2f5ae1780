namespace Trident.Console.Plotting;

/// <summary>Ticks of a logarithmic axis.</summary>
/// <param name="Labelled">Values that get a label, rising.</param>
/// <param name="Minor">Values that get a mark only, rising.</param>
internal sealed record LogTicks(double[] Labelled, double[] Minor)
{
    // Over more decades than this, labels at 2 and 5 would crowd.
    private const double DecadesWithSteps = 2.5;

    /// <summary>Decimal ticks between two positive values: 1, 2 and 5 of every decade, or 1 alone where there are many decades.</summary>
    public static LogTicks Decimal(double lowest, double highest)
    {
        bool steps = Math.Log10(highest / lowest) <= DecadesWithSteps;
        List<double> labelled = [], minor = [];
        for (int power = (int)Math.Floor(Math.Log10(lowest)); power <= Math.Ceiling(Math.Log10(highest)); power++)
        {
            for (int digit = 1; digit <= 9; digit++)
            {
                // A power below one is divided by, so that 0.5 is 0.5.
                double value = power >= 0 ? digit * Math.Pow(10, power) : digit / Math.Pow(10, -power);
                if (value >= lowest && value <= highest)
                {
                    (digit == 1 || (steps && digit is (2 or 5)) ? labelled : minor).Add(value);
                }
            }
        }

        return new LogTicks([.. labelled], [.. minor]);
    }

    /// <summary>Ticks at levels of concurrency; those too close to the one before have no label.</summary>
    public static LogTicks Levels(IReadOnlyList<int> levels)
    {
        const double Closest = 0.3; // of a doubling
        List<double> labelled = [], minor = [];
        foreach (int level in levels)
        {
            bool fits = labelled.Count == 0 || Math.Log2(level / labelled[^1]) >= Closest;
            (fits ? labelled : minor).Add(level);
        }

        return new LogTicks([.. labelled], [.. minor]);
    }
}
