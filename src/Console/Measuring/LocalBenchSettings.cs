using Trident.Console.Silos;

namespace Trident.Console.Measuring;

/// <summary>What <c>bench --local</c> was asked to do.</summary>
internal sealed record LocalBenchSettings
{
    /// <summary>The vector file; null when vectors are generated.</summary>
    public required string? Vectors { get; init; }

    /// <summary>Vectors to generate; null when there is a file.</summary>
    public required GeneratedVectors? Generate { get; init; }

    /// <summary>How many of the first rows are taken; null for all.</summary>
    public int? Rows { get; init; }

    /// <summary>What is compared: for each product, each transport.</summary>
    public required string[] Transports { get; init; }

    /// <summary>See <see cref="Transports"/>.</summary>
    public required string[] Products { get; init; }

    /// <summary>How the links are slowed down.</summary>
    public required LinkModel Link { get; init; }

    /// <summary>Bytes of a party's stock; null leaves it to the silo.</summary>
    public long? StockBudget { get; init; }

    /// <summary>The queries.</summary>
    public required BenchPlan Plan { get; init; }

    /// <summary>Where the JSON goes, if anywhere.</summary>
    public string? Json { get; init; }

    /// <summary>Where the plot goes, if anywhere.</summary>
    public string? Plot { get; init; }

    /// <summary>Whether the directory with the deployments and the generated vectors stays.</summary>
    public bool Keep { get; init; }

    /// <summary>Where the run makes its directory.</summary>
    public string Parent { get; init; } = Path.GetTempPath();

    /// <summary>A silo's arguments for a transport.</summary>
    public IReadOnlyList<string> SiloArguments(string transport) =>
        [SiloSwitches.Transport(transport), $"--Trident:Exchange:Grace={LocalBench.Patience:c}", .. SiloSwitches.For(Link, StockBudget)];
}
