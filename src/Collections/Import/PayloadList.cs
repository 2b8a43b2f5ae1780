using System.Globalization;
using System.Text;
using System.Text.Json;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;

namespace Trident.Collections.Import;

/// <summary>The payloads of a collection's vectors, in the order of the file. Held in memory.</summary>
internal sealed class PayloadList
{
    private readonly byte[][]? _payloads;

    private PayloadList(PayloadKind kind, byte[][]? payloads)
    {
        (Kind, _payloads) = (kind, payloads);
        MaxBytes = payloads?.Max(payload => payload.Length) ?? 0;
    }

    /// <summary>No payloads.</summary>
    public static PayloadList None { get; } = new(PayloadKind.None, null);

    /// <summary>What the payloads are.</summary>
    public PayloadKind Kind { get; }

    /// <summary>Bytes of the longest.</summary>
    public int MaxBytes { get; }

    /// <summary>The payload of the file's vector <paramref name="at"/>.</summary>
    public ReadOnlySpan<byte> Of(int at) => _payloads is null ? default : _payloads[at];

    /// <summary>Reads .jsonl, .ndjson or .json as JSON Lines, an idx file of labels as their numbers, and anything else as lines of text; each also as .gz.</summary>
    /// <param name="path">The file.</param>
    /// <param name="count">How many vectors there are.</param>
    /// <exception cref="TableException">Unreadable, a line that is no JSON, or another number of lines than of vectors.</exception>
    public static PayloadList Read(string path, int count)
    {
        string name = TextLines.FormatName(path);
        if (name.EndsWith("idx1-ubyte", StringComparison.Ordinal))
        {
            return new PayloadList(PayloadKind.Text, Labels(path, count));
        }

        List<string> lines = TextLines.Read(path, "payload");
        if (lines.Count != count)
        {
            throw new TableException($"The payload '{path}' has {lines.Count:N0} lines, the vectors are {count:N0}.");
        }

        byte[][] payloads = [.. lines.Select(Encoding.UTF8.GetBytes)];
        if (Path.GetExtension(name) is not (".jsonl" or ".ndjson" or ".json"))
        {
            return new PayloadList(PayloadKind.Text, payloads);
        }

        for (int i = 0; i < payloads.Length; i++)
        {
            try
            {
                using JsonDocument parsed = JsonDocument.Parse(payloads[i]);
            }
            catch (JsonException e)
            {
                throw new TableException($"The payload '{path}' is read as JSON Lines, and its line {i + 1:N0} is no JSON: {e.Message}", e);
            }
        }

        return new PayloadList(PayloadKind.Json, payloads);
    }

    private static byte[][] Labels(string path, int count)
    {
        using IVectorSource source = VectorFile.Open(path);
        if (source.Shape is not { Element: ElementKind.U8, Dimension: 1 } || source.Rows != count)
        {
            throw new TableException($"The payload '{path}' has {source.Rows:N0} records of {source.Shape}, the vectors are {count:N0}; labels are one byte each.");
        }

        byte[] record = new byte[1];
        byte[][] payloads = new byte[count][];
        for (int i = 0; i < count && source.Next(record); i++)
        {
            payloads[i] = Encoding.ASCII.GetBytes(record[0].ToString(CultureInfo.InvariantCulture));
        }

        return payloads;
    }
}
