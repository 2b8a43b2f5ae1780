using System.Globalization;
using Trident.Console.Measuring;

namespace Trident.Console.Silos;

/// <summary>What silos are told on their command line. Settings that were not asked for are not passed.</summary>
internal static class SiloSwitches
{
    /// <summary>Chooses the transport.</summary>
    public static string Transport(string name) => $"--Trident:Exchange:Transport={name}";

    /// <summary>Sets links and stock.</summary>
    /// <param name="link">How the links are slowed down.</param>
    /// <param name="stockBudget">Bytes of a party's stock; null leaves it to the silo.</param>
    public static IEnumerable<string> For(LinkModel link, long? stockBudget)
    {
        if (link.DelayMs != 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"--Trident:Laboratory:LinkDelayMs={link.DelayMs}");
        }

        if (link.MegabitsPerSecond is { } megabits)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"--Trident:Laboratory:LinkMegabitsPerSecond={megabits}");
        }

        if (stockBudget is { } budget)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"--Trident:StockBudgetBytes={budget}");
        }
    }
}
