using Xunit;

namespace Trident.Client.Tests;

public sealed class OptionsTests
{
    [Fact]
    public void The_defaults_are_good() => new TridentClientOptions { DeploymentDirectory = "somewhere" }.Validate();

    public static TheoryData<string, TridentClientOptions> Wrong => new()
    {
        { "DeploymentDirectory", new() { DeploymentDirectory = " " } },
        { "Grace", new() { DeploymentDirectory = "d", Grace = TimeSpan.FromTicks(-1) } },
        { "Deadline", new() { DeploymentDirectory = "d", Deadline = TimeSpan.Zero } },
        { "Deadline", new() { DeploymentDirectory = "d", Deadline = TimeSpan.FromMinutes(6) } },
        { "ConnectTimeout", new() { DeploymentDirectory = "d", ConnectTimeout = TimeSpan.Zero } },
        { "ProbeInterval", new() { DeploymentDirectory = "d", ProbeInterval = TimeSpan.Zero } },
        { "ProbeTimeout", new() { DeploymentDirectory = "d", ProbeTimeout = Timeout.InfiniteTimeSpan } },
        { "LeaseAhead", new() { DeploymentDirectory = "d", LeaseAhead = 0 } },
        { "ClusteringConnection", new() { DeploymentDirectory = "d", Clustering = ClientClustering.Postgres } },
        { "ClusteringConnection", new() { DeploymentDirectory = "d", ClusteringConnection = "Host=db" } },
        { "MaxAttempts", new() { DeploymentDirectory = "d", MaxAttempts = 0 } },
    };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public async Task A_setting_that_cannot_work_is_named(string name, TridentClientOptions options)
    {
        Assert.Contains(name, Assert.ThrowsAny<ArgumentException>(options.Validate).Message, StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<ArgumentException>(() => TridentClient.ConnectAsync(options));
    }
}
