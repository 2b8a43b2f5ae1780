namespace Trident.Client;

/// <summary>The three parties.</summary>
internal sealed class PartySet : IAsyncDisposable
{
    private static readonly TimeSpan ThirdPartyPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    private readonly TridentClientOptions _options;

    public PartySet(IReadOnlyList<IPartyLink> links, TridentClientOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(links.Count, 3, nameof(links));
        _options = options;
        All = [.. links.Select((link, i) => new Party(i + 1, link, options))];
    }

    /// <summary>Parties 1, 2 and 3.</summary>
    public IReadOnlyList<Party> All { get; }

    /// <summary>Connects to all; returns once two are up and the third is too, or had a second more.</summary>
    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_options.ConnectTimeout);
        List<Task> connecting = [.. All.Select(p => ConnectOneAsync(p, limit.Token))];
        while (connecting.Count > 1)
        {
            connecting.Remove(await Task.WhenAny(connecting));
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (All.Count(p => p.IsUp) < 2)
        {
            throw TooFew();
        }

        await Task.WhenAny(connecting[0], Task.Delay(ThirdPartyPatience, limit.Token));
        cancellationToken.ThrowIfCancellationRequested();
        await limit.CancelAsync();
        await connecting[0];
        foreach (Party party in All)
        {
            party.Start();
        }
    }

    /// <summary>The parties that are up: two or three.</summary>
    /// <exception cref="TooFewPartiesException">Fewer are, and looking once more did not help.</exception>
    public async Task<Party[]> LiveAsync(CancellationToken cancellationToken)
    {
        Party[] live = [.. All.Where(p => p.IsUp)];
        if (live.Length >= 2)
        {
            return live;
        }

        // A party may be suspect only because it was slow.
        await Task.WhenAll(All.Where(p => !p.IsUp).Select(p => p.ProbeAsync(cancellationToken)));
        cancellationToken.ThrowIfCancellationRequested();
        live = [.. All.Where(p => p.IsUp)];
        return live.Length >= 2 ? live : throw TooFew();
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(All.Select(p => p.DisposeAsync().AsTask()));

    private static async Task ConnectOneAsync(Party party, CancellationToken cancellationToken)
    {
        while (await party.ProbeAsync(cancellationToken) is null && !cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(RetryDelay, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private TooFewPartiesException TooFew() => new(
        $"Fewer than two parties can be reached, and two are needed: {string.Join("; ", All.Select(Describe))}. Start the missing silos.");

    private static string Describe(Party party) =>
        party.Health is { Up: false } down ? $"party {party.Number} is down ({down.Reason})" : $"party {party.Number} is up";
}
