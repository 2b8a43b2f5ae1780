using Trident.Abstractions;

namespace Trident.Grains.Exchange.Laboratory;

/// <summary>
/// For experiments on one machine, where a link costs nothing: every link of this silo behaves as one with the given delay and
/// bandwidth. Off unless set, and shown by the status. Section <c>Trident:Laboratory</c>.
/// </summary>
public sealed class LaboratoryOptions
{
    /// <summary>One-way delay of every link in milliseconds, 0 to 10,000.</summary>
    public double LinkDelayMs { get; set; }

    /// <summary>Bandwidth of every link, each direction, in megabits (10^6) per second; 0 does not limit it.</summary>
    public double LinkMegabitsPerSecond { get; set; }

    /// <summary>Whether links are made slower.</summary>
    public bool IsOn => LinkDelayMs > 0 || LinkMegabitsPerSecond > 0;

    /// <summary>For the status; null when the laboratory is off.</summary>
    public LaboratoryStatus? Status => IsOn ? new LaboratoryStatus(LinkDelayMs, LinkMegabitsPerSecond) : null;

    /// <summary>Refuses settings that cannot work.</summary>
    /// <exception cref="ArgumentException">The message names the setting and what it may be.</exception>
    public void Validate()
    {
        if (!(LinkDelayMs is >= 0 and <= 10_000))
        {
            throw new ArgumentException($"Laboratory:LinkDelayMs is {LinkDelayMs}; it may be 0 to 10,000.");
        }

        if (!(LinkMegabitsPerSecond is 0 or >= 0.001 and <= 1_000_000))
        {
            throw new ArgumentException($"Laboratory:LinkMegabitsPerSecond is {LinkMegabitsPerSecond}; it may be 0 (no limit), or 0.001 to 1,000,000.");
        }
    }
}
