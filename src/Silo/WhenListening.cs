namespace Trident.Silo;

/// <summary>
/// Starts a service once all others have started, the exchange listener too, which starts last. A party that spoke to its peers before
/// would be answered where nobody listens yet: they would take it for down, and give up the stock that it had just proposed.
/// </summary>
internal sealed class WhenListening<T>(T service) : IHostedLifecycleService
    where T : IHostedService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => service.StartAsync(cancellationToken);

    public Task StoppingAsync(CancellationToken cancellationToken) => service.StopAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>Registers services that speak to the peers by themselves.</summary>
internal static class WhenListeningExtensions
{
    /// <summary>Adds a hosted service that starts once the exchange listener does.</summary>
    public static IServiceCollection AddWhenListening<T>(this IServiceCollection services)
        where T : class, IHostedService => services.AddSingleton<T>().AddHostedService<WhenListening<T>>();
}
