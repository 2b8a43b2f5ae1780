using Microsoft.Extensions.Hosting;
using Trident.Protocol.Wire;

namespace Trident.Grains.Exchange;

/// <summary>Tells the peers every second that this party is there, by which each learns whether the other is; and sweeps the mailbox.</summary>
public sealed class Heartbeat(PeerLinks peers, FrameSender sender, Mailbox mailbox, ExchangeOptions options) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(options.Heartbeat);
        Task[] beats = new Task[peers.All.Count];
        try
        {
            do
            {
                for (int i = 0; i < beats.Length; i++)
                {
                    // A peer that hangs must not hold up the beat of the other.
                    if (beats[i] is null or { IsCompleted: true })
                    {
                        beats[i] = sender.SendAsync(FrameKind.Hello, peers.All[i].Party, Guid.Empty, Guid.Empty, ReadOnlyMemory<byte>.Empty, stoppingToken);
                    }
                }

                mailbox.Sweep();
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }
}
