using Orleans.GrainDirectory;
using Orleans.Runtime;

namespace Trident.Grains.Placement;

/// <summary>
/// A grain directory that registers nothing. Where a party's grain lives follows from its key alone
/// (<see cref="PartyPlacementDirector"/>), and a silo finds its own activations without a directory. So no lookup
/// crosses the network, and a dead silo cannot hang the queries of the other parties, as it would while it still
/// owned a range of the shared directory. What the directory would have guaranteed (one activation) is not relied
/// on: one-time things go through the party's ledger.
/// </summary>
public sealed class PartyGrainDirectory : IGrainDirectory
{
    /// <summary>The name to use in <see cref="GrainDirectoryAttribute"/>.</summary>
    public const string Name = "party";

    /// <inheritdoc/>
    public Task<GrainAddress?> Register(GrainAddress address) => Task.FromResult<GrainAddress?>(address);

    /// <inheritdoc/>
    public Task<GrainAddress?> Register(GrainAddress address, GrainAddress? previousAddress) => Task.FromResult<GrainAddress?>(address);

    /// <inheritdoc/>
    public Task<GrainAddress?> Lookup(GrainId grainId) => Task.FromResult<GrainAddress?>(null);

    /// <inheritdoc/>
    public Task Unregister(GrainAddress address) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task UnregisterSilos(List<SiloAddress> siloAddresses) => Task.CompletedTask;
}
