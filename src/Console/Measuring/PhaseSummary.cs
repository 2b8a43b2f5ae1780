using Trident.Abstractions;

namespace Trident.Console.Measuring;

/// <summary>
/// Where the parties' time went, in milliseconds a query: the mean over queries of the largest of the three parties' times. Each phase
/// has its own largest, and what lies between client and party is in none, so the four do not add up to the latency.
/// </summary>
/// <param name="KeyEvaluation">Expanding the selector keys.</param>
/// <param name="Masking">Taking the stock item and masking with it.</param>
/// <param name="Exchange">From sealing the share for the peers to having theirs.</param>
/// <param name="Reconstruction">Opening, the product with the table, and sealing the answer.</param>
public sealed record PhaseSummary(double KeyEvaluation, double Masking, double Exchange, double Reconstruction)
{
    /// <summary>For each phase the largest of the parties' times; a party without an answer has zeros and so no part in it.</summary>
    public static PhaseTimes Slowest(IEnumerable<PhaseTimes> parties) => parties.Aggregate(
        default(PhaseTimes),
        (a, b) => new PhaseTimes(
            Math.Max(a.KeyEvaluationMs, b.KeyEvaluationMs), Math.Max(a.MaskingMs, b.MaskingMs),
            Math.Max(a.ExchangeMs, b.ExchangeMs), Math.Max(a.ReconstructionMs, b.ReconstructionMs)));

    /// <summary>The mean over queries; all zero when there are none.</summary>
    public static PhaseSummary Mean(IEnumerable<PhaseTimes> queries)
    {
        double keys = 0, masking = 0, exchange = 0, reconstruction = 0;
        int count = 0;
        foreach (PhaseTimes query in queries)
        {
            keys += query.KeyEvaluationMs;
            masking += query.MaskingMs;
            exchange += query.ExchangeMs;
            reconstruction += query.ReconstructionMs;
            count++;
        }

        int divisor = Math.Max(count, 1);
        return new PhaseSummary(keys / divisor, masking / divisor, exchange / divisor, reconstruction / divisor);
    }
}
