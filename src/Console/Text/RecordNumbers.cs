using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Trident.Protocol.Tables;

namespace Trident.Console.Text;

/// <summary>The bytes of a record (little-endian) as the numbers they stand for.</summary>
public static class RecordNumbers
{
    /// <summary>The numbers as an array of their own kind: <c>int[]</c> for U8 and I4, <c>float[]</c>, <c>double[]</c>.</summary>
    /// <exception cref="ArgumentException">The record has another size than its shape says.</exception>
    public static Array Values(ReadOnlySpan<byte> record, RecordShape shape)
    {
        if (record.Length != shape.Bytes)
        {
            throw new ArgumentException($"The record has {record.Length} bytes; {shape.Dimension} of {shape.Element} are {shape.Bytes}.", nameof(record));
        }

        return shape.Element switch
        {
            ElementKind.U8 => Widen(record),
            ElementKind.I4 => MemoryMarshal.Cast<byte, int>(record).ToArray(),
            ElementKind.F4 => MemoryMarshal.Cast<byte, float>(record).ToArray(),
            ElementKind.F8 => MemoryMarshal.Cast<byte, double>(record).ToArray(),
            _ => throw new ArgumentException($"Unknown element kind {shape.Element}.", nameof(shape)),
        };
    }

    /// <summary>The numbers in one line, separated by spaces; floats in their shortest exact form.</summary>
    public static string Line(Array values) => string.Join(
        ' ', values.Cast<IFormattable>().Select(v => v.ToString(null, CultureInfo.InvariantCulture)));

    private static int[] Widen(ReadOnlySpan<byte> record)
    {
        int[] values = new int[record.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = record[i];
        }

        return values;
    }
}

/// <summary>What <c>fetch --json</c> prints; why an answer is unverified only where it is.</summary>
public sealed record FetchReport(
    string Table, FetchedRow[] Rows, bool Verified, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Unverified, double LatencyMs);

/// <summary>One row of <see cref="FetchReport"/>.</summary>
/// <param name="Row">Row number.</param>
/// <param name="Values">Its numbers.</param>
public sealed record FetchedRow(int Row, [property: JsonConverter(typeof(NumbersConverter))] Array Values);

/// <summary>Writes an array of numbers of any kind.</summary>
internal sealed class NumbersConverter : JsonConverter<Array>
{
    public override Array Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("Reports are written only.");

    public override void Write(Utf8JsonWriter writer, Array value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, value, value.GetType(), options);
}
