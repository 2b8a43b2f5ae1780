using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Trident.Protocol.Tables;

namespace Trident.Console.Measuring;

/// <summary>Vectors for measuring: uniform bytes, or uniform floats from -1 to 1; the same ones for the same seed.</summary>
/// <param name="Rows">How many.</param>
/// <param name="Shape">The shape of each.</param>
internal sealed partial record GeneratedVectors(int Rows, RecordShape Shape)
{
    // An npy header, with its magic, version and length, is filled up to a multiple of 64 bytes.
    private const int NpyPreamble = 10;
    private const int NpyAlignment = 64;
    private const int RowsPerReport = 1024;

    /// <summary>Reads <c>ROWSxDIMxKIND</c>, such as 100000x512xf4.</summary>
    /// <exception cref="FormatException">It is none, or no table can have this shape.</exception>
    public static GeneratedVectors Parse(string text)
    {
        Match match = Pattern().Match(text);
        if (!match.Success
            || !int.TryParse(match.Groups[1].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int rows)
            || !int.TryParse(match.Groups[2].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int dimension))
        {
            throw new FormatException($"'{text}' is no shape of vectors: expected ROWSxDIMxu8 or ROWSxDIMxf4, such as 100000x512xf4.");
        }

        GeneratedVectors vectors = new(rows, new RecordShape(match.Groups[3].Value == "u8" ? ElementKind.U8 : ElementKind.F4, dimension));
        try
        {
            new TableDescription("generated", Guid.NewGuid(), rows, vectors.Shape).Validate();
        }
        catch (TableException e)
        {
            throw new FormatException($"No table can hold {text}: {e.Message}", e);
        }

        return vectors;
    }

    /// <summary>Writes them as a NumPy array, one row at a time. A float file keeps its kind whatever its values are.</summary>
    public void Write(string path, int seed, Action<long, long>? progress, CancellationToken stop)
    {
        Random random = new(seed);
        byte[] record = new byte[Shape.Bytes];
        using FileStream file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20);
        file.Write(NpyHeader());
        for (int row = 0; row < Rows; row++)
        {
            if (row % RowsPerReport == 0)
            {
                stop.ThrowIfCancellationRequested();
                progress?.Invoke(row, Rows);
            }

            Fill(random, record);
            file.Write(record);
        }
    }

    private void Fill(Random random, byte[] record)
    {
        if (Shape.Element == ElementKind.U8)
        {
            random.NextBytes(record);
            return;
        }

        foreach (ref float value in MemoryMarshal.Cast<byte, float>(record.AsSpan()))
        {
            value = random.NextSingle() * 2 - 1;
        }
    }

    private byte[] NpyHeader()
    {
        string descr = Shape.Element == ElementKind.U8 ? "|u1" : "<f4";
        string text = FormattableString.Invariant($"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({Rows}, {Shape.Dimension}), }}");
        int whole = (NpyPreamble + text.Length + 1 + NpyAlignment - 1) / NpyAlignment * NpyAlignment;
        int length = whole - NpyPreamble;
        return
        [
            0x93, .. "NUMPY"u8, 1, 0, (byte)length, (byte)(length >> 8),
            .. Encoding.ASCII.GetBytes(text.PadRight(length - 1) + "\n"),
        ];
    }

    [GeneratedRegex("^([0-9]+)x([0-9]+)x(u8|f4)\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
