using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Trident.Grains.Exchange.Laboratory;
using Trident.Grains.Exchange.Transports;
using Trident.Protocol.Wire;

namespace Trident.Grains.Exchange;

/// <summary>
/// Tells the peers every second that this party is there, by which each learns whether the other is; and sweeps the mailbox.
/// Whatever the transport, the heartbeats have a connection of their own to each peer, so that none waits behind a query's share.
/// </summary>
public sealed partial class Heartbeat(PeerLinks peers, PeerConnector connector, LinkSession session, Mailbox mailbox, ExchangeOptions options,
    LaboratoryOptions laboratory, ILogger<Heartbeat> log, ILogger<FrameSender> sends) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (laboratory.Status is { } slow)
        {
            LinksAreSlow(log, slow.LinkDelayMs, slow.LinkMegabitsPerSecond);
        }

        using PooledTransport control = new(TransportNames.Control, 1, connector, session);
        FrameSender sender = new(control, session, peers, sends);
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "LABORATORY: every link of this silo is made to behave as one with {DelayMs} ms one-way delay and {MegabitsPerSecond} Mbit/s (0: no limit)")]
    private static partial void LinksAreSlow(ILogger logger, double delayMs, double megabitsPerSecond);
}
