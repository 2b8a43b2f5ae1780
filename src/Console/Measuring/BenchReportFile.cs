using System.Text.Json;

namespace Trident.Console.Measuring;

/// <summary>Reads what <c>bench --json</c> wrote.</summary>
internal static class BenchReportFile
{
    /// <summary>Reads a report; fields that earlier versions did not write are zero or null.</summary>
    /// <exception cref="ConsoleException">The file does not exist, is no report, or holds no run.</exception>
    public static BenchReport Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new ConsoleException($"The file {path} does not exist.");
        }

        BenchReport? report;
        try
        {
            report = CommandContext.FromJson<BenchReport>(File.ReadAllText(path));
        }
        catch (JsonException e)
        {
            throw new ConsoleException($"{path} is no result of 'bench --json': {e.Message}");
        }

        if (report?.Runs is not { Length: > 0 } runs)
        {
            throw new ConsoleException($"{path} holds no runs: there is nothing to plot.");
        }

        return runs.All(r => r is { Transport: not null, Product: not null, LatencyMs: not null, Concurrency: > 0 })
            ? report
            : throw new ConsoleException($"{path} is no result of 'bench --json': a run lacks its transport, product, concurrency or latency.");
    }
}
