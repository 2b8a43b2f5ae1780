namespace Trident.Protocol.Collections;

/// <summary>What "nearest" means in a collection.</summary>
public enum Metric
{
    /// <summary>Least Euclidean distance ‖x − q‖.</summary>
    L2 = 1,

    /// <summary>Greatest inner product x·q.</summary>
    Ip = 2,

    /// <summary>Greatest cosine similarity x·q / (‖x‖‖q‖).</summary>
    Cosine = 3,
}

/// <summary>Figures of a metric, from plain values: what is told to callers, as against <see cref="ScoreScale"/>, by which parties score.</summary>
public static class MetricExtensions
{
    /// <summary>The name in files and options: <c>l2</c>, <c>ip</c>, <c>cosine</c>.</summary>
    public static string Name(this Metric metric) => metric switch
    {
        Metric.L2 => "l2",
        Metric.Ip => "ip",
        Metric.Cosine => "cosine",
        _ => throw new ArgumentOutOfRangeException(nameof(metric), metric, "A metric is l2, ip or cosine."),
    };

    /// <summary>Distance or similarity of two vectors, in double precision: ‖x − q‖, x·q, or the cosine.</summary>
    public static double Measure(this Metric metric, ReadOnlySpan<double> x, ReadOnlySpan<double> q)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(x.Length, q.Length);
        double sum = 0, xx = 0, qq = 0;
        for (int i = 0; i < x.Length; i++)
        {
            double difference = x[i] - q[i];
            sum += metric == Metric.L2 ? difference * difference : x[i] * q[i];
            xx += x[i] * x[i];
            qq += q[i] * q[i];
        }

        return metric switch
        {
            Metric.L2 => Math.Sqrt(sum),
            Metric.Ip => sum,
            _ => sum / Math.Sqrt(xx * qq),
        };
    }

    /// <summary>A figure to sort by: the nearer, the smaller.</summary>
    public static double Rank(this Metric metric, double measure) => metric == Metric.L2 ? measure : -measure;
}
