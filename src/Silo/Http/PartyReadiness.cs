using Microsoft.Extensions.Diagnostics.HealthChecks;
using Trident.Grains.Exchange;
using Trident.Grains.Tables;

namespace Trident.Silo.Http;

/// <summary>Ready is a party that can answer: tables are mounted, a peer is up, and every table has stock.</summary>
public sealed class PartyReadiness(ServedTables tables, PeerLinks peers) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        List<string> missing = [];
        if (tables.All.Count == 0)
        {
            missing.Add("no table is mounted");
        }

        if (!peers.All.Any(p => p.Up))
        {
            missing.Add("no peer is up");
        }

        missing.AddRange(tables.All.Where(t => t.Ledger.Available == 0).Select(t => $"no stock for table {t.Description.Name}"));
        return Task.FromResult(missing.Count == 0 ? HealthCheckResult.Healthy("ready") : HealthCheckResult.Unhealthy(string.Join("; ", missing)));
    }
}
