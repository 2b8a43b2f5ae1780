using System.IO.Hashing;
using System.Runtime.InteropServices;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using Trident.Abstractions;

namespace Trident.Grains.Placement;

/// <summary>Places a grain on a silo of the party that its key names.</summary>
[GenerateSerializer, Immutable]
public sealed class PartyPlacement : PlacementStrategy
{
    /// <summary>The one instance: the strategy has no settings.</summary>
    public static readonly PartyPlacement Instance = new();
}

/// <summary>Marks a grain class whose key starts with a party; see <see cref="PartyKeys"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class PartyPlacementAttribute() : PlacementAttribute(PartyPlacement.Instance);

/// <summary>
/// Chooses among the silos named <c>party-N</c> or <c>party-N-k</c>, by rendezvous hashing on the grain's key.
/// Every silo comes to the same choice without asking another. This is affinity, not isolation: grains check on
/// activation that they stand in their own party's silo.
/// </summary>
public sealed class PartyPlacementDirector(ISiloStatusOracle silos) : IPlacementDirector
{
    /// <inheritdoc/>
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        string key = target.GrainIdentity.Key.ToString()!;
        int party = PartyKeys.PartyOf(key);
        SiloAddress? chosen = null;
        ulong best = 0;
        foreach (SiloAddress silo in context.GetCompatibleSilos(target))
        {
            if (!silos.TryGetSiloName(silo, out string? name) || SiloNames.PartyOf(name) != party)
            {
                continue;
            }

            ulong weight = XxHash3.HashToUInt64(MemoryMarshal.AsBytes<char>(name + "|" + key));
            if (chosen is null || weight > best)
            {
                (chosen, best) = (silo, weight);
            }
        }

        return chosen is null
            ? throw new OrleansException($"No silo of party {party} is up.")
            : Task.FromResult(chosen);
    }
}
