namespace Trident.Client;

/// <summary>Where a client looks up the parties' gateways.</summary>
public enum ClientClustering
{
    /// <summary>In <c>parties.json</c>.</summary>
    Embedded,

    /// <summary>In the PostgreSQL database in which the silos find one another.</summary>
    Postgres,
}

/// <summary>Settings of a <see cref="TridentClient"/>.</summary>
public sealed class TridentClientOptions
{
    /// <summary>The deployment's directory: its <c>parties.json</c>, <c>tables/</c> and, for searching, <c>collections/</c> are read. No secrets are needed.</summary>
    public required string DeploymentDirectory { get; init; }

    /// <summary>Where the parties' gateways are looked up.</summary>
    public ClientClustering Clustering { get; init; } = ClientClustering.Embedded;

    /// <summary>
    /// Connection string of the database, for <see cref="ClientClustering.Postgres"/>; its user is best a member of
    /// <c>trident_client</c>, which may read the gateways and nothing else.
    /// </summary>
    public string? ClusteringConnection { get; init; }

    /// <summary>How long the third answer is waited for once two have come. Without it an answer is not verified.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The most that one fetch may take, all its attempts together; up to five minutes.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The most that <see cref="TridentClient.ConnectAsync"/> waits for two parties.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time between two looks at a party's state.</summary>
    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The most that one look at a party's state may take; a party that takes longer counts as down.</summary>
    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The most tickets per table that are leased before they are needed. As many are as were used in the last second; new ones are leased when half are used.</summary>
    public int LeaseAhead { get; init; } = 256;

    /// <summary>How often one fetch is tried, with fresh tickets and keys each time.</summary>
    public int MaxAttempts { get; init; } = 3;

    /// <summary>Refuses settings that cannot work.</summary>
    /// <exception cref="ArgumentException">A setting is out of its range; the message names it.</exception>
    public void Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(DeploymentDirectory);
        if (Clustering == ClientClustering.Postgres != !string.IsNullOrWhiteSpace(ClusteringConnection))
        {
            throw new ArgumentException(Clustering == ClientClustering.Postgres
                ? "Clustering is Postgres, which needs a ClusteringConnection."
                : "A ClusteringConnection is given, and Clustering is Embedded, which uses none; set Clustering to Postgres.");
        }

        Between(Grace, TimeSpan.Zero, nameof(Grace));
        Between(Deadline, TimeSpan.FromMilliseconds(1), nameof(Deadline));
        Between(ConnectTimeout, TimeSpan.FromMilliseconds(1), nameof(ConnectTimeout));
        Between(ProbeInterval, TimeSpan.FromMilliseconds(1), nameof(ProbeInterval));
        Between(ProbeTimeout, TimeSpan.FromMilliseconds(1), nameof(ProbeTimeout));
        if (LeaseAhead is < 1 or > 1 << 20)
        {
            throw new ArgumentOutOfRangeException(nameof(LeaseAhead), LeaseAhead, "LeaseAhead must be 1 to 1,048,576 tickets.");
        }

        if (MaxAttempts is < 1 or > 100)
        {
            throw new ArgumentOutOfRangeException(nameof(MaxAttempts), MaxAttempts, "MaxAttempts must be 1 to 100.");
        }

        static void Between(TimeSpan value, TimeSpan least, string name)
        {
            if (value < least || value > TimeSpan.FromMinutes(5))
            {
                throw new ArgumentOutOfRangeException(name, value, $"{name} must be from {least} to five minutes.");
            }
        }
    }
}
