using System.CommandLine;
using Trident.Collections;
using Trident.Protocol.Collections;

namespace Trident.Console.Commands;

/// <summary>The options of <c>share</c> that only a collection has.</summary>
internal sealed class CollectionOptions
{
    public CollectionOptions() =>
        Metric.AcceptOnlyFromAmong([.. Enum.GetValues<Metric>().Select(metric => metric.Name())]);

    /// <summary>l2, ip or cosine.</summary>
    public Option<string> Metric { get; } = new("--metric")
    {
        Description = "For a collection: what nearest means. l2 unless told otherwise, or what an .hdf5 file says.",
    };

    /// <summary>File of ids.</summary>
    public Option<string> Ids { get; } = new("--ids")
    {
        Description = "For a collection: a file with an id per line, or .npy or .ivecs of whole numbers. Without it a vector's id is its row.",
    };

    /// <summary>File of payloads.</summary>
    public Option<string> Payload { get; } = new("--payload")
    {
        Description = "For a collection: a file with what comes with each vector, .jsonl or lines of text (.gz too).",
    };

    /// <summary>Length of the lists of neighbours.</summary>
    public Option<int?> Neighbours { get; } = new("--neighbours")
    {
        Description = $"For a collection: also share each vector's so many nearest, 1 to {CollectionSharer.MaxNeighbours}. Takes time with the square of the vectors.",
    };

    /// <summary>The metric that was asked for; null where none was.</summary>
    public Metric? MetricOf(ParseResult parsed) => parsed.GetValue(Metric) is { } name
        ? Enum.GetValues<Metric>().Single(metric => metric.Name() == name)
        : null;

    /// <summary>The options as given, without the metric.</summary>
    /// <exception cref="ConsoleException">Lists of no possible length.</exception>
    public CollectionShareOptions Read(ParseResult parsed)
    {
        int? neighbours = parsed.GetValue(Neighbours);
        return neighbours is < 1 or > CollectionSharer.MaxNeighbours
            ? throw new ConsoleException($"--neighbours is {neighbours}; it may be 1 to {CollectionSharer.MaxNeighbours:N0}.", CommandRunner.UsageError)
            : new CollectionShareOptions { Ids = parsed.GetValue(Ids), Payload = parsed.GetValue(Payload), Neighbours = neighbours ?? 0 };
    }

    /// <summary>Refuses these options where a table is shared.</summary>
    /// <exception cref="ConsoleException">One was given.</exception>
    public void RefuseGiven(ParseResult parsed)
    {
        foreach (Option option in new Option[] { Metric, Ids, Payload, Neighbours })
        {
            if (parsed.GetResult(option) is not null)
            {
                throw new ConsoleException($"{option.Name} is for --collection; a table has its vectors alone.", CommandRunner.UsageError);
            }
        }
    }
}
