using System.Globalization;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;

namespace Trident.Console.Demo;

/// <summary>What the demo searches: the demo's vectors but for six, which are the questions.</summary>
/// <param name="Vectors">A vector file of what is shared.</param>
/// <param name="Ids">A line for each: its number in the original file.</param>
/// <param name="Payloads">A line for each, what it shows; null where that is not known.</param>
/// <param name="Questions">The six.</param>
/// <param name="Plain">The vectors that are shared, in order of their ids, for the comparison in the clear.</param>
internal sealed record DemoCollection(string Vectors, string Ids, string? Payloads, IReadOnlyList<DemoVector> Questions, IReadOnlyList<DemoVector> Plain)
{
    /// <summary>How many questions are asked.</summary>
    public const int QuestionCount = 6;

    /// <summary>Names of the labels 0 to 9 of the clothes.</summary>
    public static readonly IReadOnlyList<string> LabelNames =
        ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

    /// <summary>Takes six out, of six different labels where there are labels, and writes the others to files.</summary>
    /// <param name="directory">Where to write.</param>
    /// <param name="vectors">The demo's vectors.</param>
    /// <param name="seed">Decides which six.</param>
    /// <param name="stop">Gives up.</param>
    public static DemoCollection Make(string directory, DemoVectors vectors, int seed, CancellationToken stop)
    {
        using IVectorSource source = VectorFile.Open(vectors.Path);
        string?[] labels = vectors.Labels is null ? new string?[source.Rows] : ReadLabels(vectors.Labels, source.Rows);
        int[] chosen = Choose(labels, seed);
        string extension = source.Shape.Element == ElementKind.U8 ? "bvecs" : "fvecs";
        string file = Path.Combine(directory, $"searched.{extension}"), ids = Path.Combine(directory, "searched-ids.txt");
        string? payloads = vectors.Labels is null ? null : Path.Combine(directory, "searched-labels.txt");
        List<DemoVector> plain = [];
        DemoVector[] questions = new DemoVector[chosen.Length];
        byte[] record = new byte[source.Shape.Bytes];
        using (BinaryWriter writer = new(File.Create(file)))
        {
            for (int row = 0; source.Next(record); row++)
            {
                stop.ThrowIfCancellationRequested();
                DemoVector vector = new(row.ToString(CultureInfo.InvariantCulture), labels[row], [.. record], source.Shape);
                if (Array.IndexOf(chosen, row) is var place and >= 0)
                {
                    questions[place] = vector;
                    continue;
                }

                writer.Write(source.Shape.Dimension);
                writer.Write(record);
                plain.Add(vector);
            }
        }

        File.WriteAllLines(ids, plain.Select(p => p.Id));
        if (payloads is not null)
        {
            File.WriteAllLines(payloads, plain.Select(p => p.Label!));
        }

        return new DemoCollection(file, ids, payloads, questions, plain);
    }

    /// <summary>The ids of the k nearest by comparing with every vector in the clear, ties by id.</summary>
    public IReadOnlyList<string> Nearest(DemoVector question, int k)
    {
        double[] numbers = question.Numbers();
        return [.. Plain
            .AsParallel().AsOrdered().Select((p, row) => (p.Id, Row: row, Distance: Metric.L2.Measure(p.Numbers(), numbers)))
            .OrderBy(p => p.Distance).ThenBy(p => p.Row).Take(k).Select(p => p.Id)];
    }

    private static int[] Choose(string?[] labels, int seed)
    {
        Random random = new(seed);
        int[] order = [.. Enumerable.Range(0, labels.Length)];
        random.Shuffle(order);
        return [.. order.DistinctBy(row => labels[row] ?? row.ToString(CultureInfo.InvariantCulture)).Take(QuestionCount)];
    }

    private static string[] ReadLabels(string path, int rows)
    {
        using IVectorSource source = VectorFile.Open(path);
        if (source.Shape is not { Element: ElementKind.U8, Dimension: 1 } || source.Rows != rows)
        {
            throw new ConsoleException($"{path} is no file of {rows} labels.");
        }

        string[] names = new string[rows];
        byte[] label = new byte[1];
        for (int i = 0; i < rows && source.Next(label); i++)
        {
            names[i] = label[0] < LabelNames.Count ? LabelNames[label[0]] : throw new ConsoleException($"{path}: label {i} is {label[0]}, and there are {LabelNames.Count}.");
        }

        return names;
    }
}

/// <summary>A vector of the demo in the clear.</summary>
internal sealed record DemoVector(string Id, string? Label, byte[] Record, RecordShape Shape)
{
    /// <summary>Its numbers as a query takes them.</summary>
    public float[] Singles() => [.. Numbers().Select(n => (float)n)];

    /// <summary>Its numbers.</summary>
    public double[] Numbers()
    {
        double[] numbers = new double[Shape.Dimension];
        VectorNumbers.Read(Shape.Element, Record, numbers);
        return numbers;
    }
}
