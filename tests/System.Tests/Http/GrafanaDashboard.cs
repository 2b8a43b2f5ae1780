using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Trident.System.Tests.Http;

/// <summary>The dashboard in deploy/grafana: what it asks Prometheus for.</summary>
internal static class GrafanaDashboard
{
    /// <summary>The metrics that the panels' expressions name.</summary>
    public static string[] Metrics()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Trident.Orleans.sln")))
        {
            directory = directory.Parent;
        }

        Assert.NotNull(directory);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(directory.FullName, "deploy", "grafana", "trident.json")));
        string[] expressions = [.. json.RootElement.GetProperty("panels").EnumerateArray()
            .SelectMany(p => p.TryGetProperty("targets", out JsonElement targets) ? targets.EnumerateArray() : [])
            .Select(t => t.GetProperty("expr").GetString()!)];
        Assert.NotEmpty(expressions);

        // Every expression names one; labels, as in "by (trident_party)", are not metrics.
        return [.. expressions.SelectMany(e =>
        {
            string[] names = [.. Regex.Matches(e, @"\btrident_\w+").Select(m => m.Value).Where(n => n != "trident_party")];
            Assert.True(names.Length > 0, $"no metric of the silo is in {e}");
            return names;
        }).Distinct()];
    }

    /// <summary>The names of the samples, and of the declared metrics that may have none yet, in Prometheus' text.</summary>
    public static HashSet<string> Exported(string metrics) =>
        [.. Regex.Matches(metrics, @"(?m)^(?:# TYPE )?([a-zA-Z_:][a-zA-Z0-9_:]*)").Select(m => m.Groups[1].Value)];
}
