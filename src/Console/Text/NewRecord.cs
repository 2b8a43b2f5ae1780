using System.Runtime.InteropServices;
using Trident.Protocol.Tables;

namespace Trident.Console.Text;

/// <summary>The bytes of a record that is to replace another, as the user gives them.</summary>
internal static class NewRecord
{
    /// <summary>Reads hexadecimal digits; NaN is refused as in vector files.</summary>
    /// <exception cref="ConsoleException">No hexadecimal digits, another number of bytes than a record has, or a NaN.</exception>
    public static byte[] FromHex(string text, TableDescription table)
    {
        byte[] record;
        try
        {
            record = Convert.FromHexString(text.Trim());
        }
        catch (FormatException e)
        {
            throw new ConsoleException($"--bytes takes pairs of hexadecimal digits, such as 00ff10: {e.Message}", CommandRunner.UsageError);
        }

        if (record.Length != table.Shape.Bytes)
        {
            throw new ConsoleException($"--bytes has {record.Length} bytes; a record of table {table.Name} has {table.Shape.Bytes} ({table.Shape}).");
        }

        bool nan = table.Shape.Element switch
        {
            ElementKind.F4 => MemoryMarshal.Cast<byte, float>(record).ToArray().Any(float.IsNaN),
            ElementKind.F8 => MemoryMarshal.Cast<byte, double>(record).ToArray().Any(double.IsNaN),
            _ => false,
        };
        return nan ? throw new ConsoleException($"--bytes has a NaN; table {table.Name} is of numbers.") : record;
    }

    /// <summary>Reads a record of a vector file.</summary>
    /// <param name="path">The file, in any format that can be shared.</param>
    /// <param name="row">Which record; null when the file must have one only.</param>
    /// <param name="table">The table that the record is for.</param>
    /// <exception cref="ConsoleException">The file is missing, has other records than the table, several, or not that one.</exception>
    /// <exception cref="TableException">As <see cref="VectorFile.Open"/>.</exception>
    public static byte[] FromFile(string path, int? row, TableDescription table)
    {
        if (!File.Exists(path))
        {
            throw new ConsoleException($"The vector file {path} does not exist.");
        }

        using IVectorSource source = VectorFile.Open(path);
        if (row is null && source.Rows != 1)
        {
            throw new ConsoleException($"{path} has {source.Rows} records; choose one with --vector-row, 0 to {source.Rows - 1}.");
        }

        if (row is { } chosen && (chosen < 0 || chosen >= source.Rows))
        {
            throw new ConsoleException($"{path} has no record {chosen}: its records are 0 to {source.Rows - 1}.");
        }

        // Singles that are all integers 0 to 255 are read as bytes; for a table of singles they become singles again, exactly.
        bool widen = table.Shape.Element == ElementKind.F4 && source.Shape == new RecordShape(ElementKind.U8, table.Shape.Dimension)
            && Path.GetFileName(path).Contains(".fvecs", StringComparison.OrdinalIgnoreCase);
        if (source.Shape != table.Shape && !widen)
        {
            throw new ConsoleException($"{path} has records of {source.Shape}, but table {table.Name} has {table.Shape}.");
        }

        byte[] record = new byte[source.Shape.Bytes];
        for (int i = 0; i <= (row ?? 0); i++)
        {
            if (!source.Next(record))
            {
                throw new ConsoleException($"{path} ended before record {i}; leave the file alone while it is read.");
            }
        }

        return widen ? MemoryMarshal.AsBytes(Array.ConvertAll(record, static b => (float)b).AsSpan()).ToArray() : record;
    }
}
