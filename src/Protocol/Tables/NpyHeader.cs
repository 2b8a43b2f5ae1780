using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Trident.Protocol.Tables;

/// <summary>The header of a NumPy array file (.npy, format versions 1 to 3).</summary>
internal static partial class NpyHeader
{
    private const int MaxHeaderBytes = 1 << 16;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads the header from the start of the file.</summary>
    /// <exception cref="TableException">Not an npy file, cut short, or an array that cannot be a table.</exception>
    public static ArrayLayout Read(VectorStream stream)
    {
        string path = stream.Path;
        Span<byte> fixedPart = stackalloc byte[12];
        Fill(stream, fixedPart[..8]);
        if (!fixedPart[..6].SequenceEqual(Magic))
        {
            throw new TableException($"'{path}' is not an npy file: it does not begin like one.");
        }

        int major = fixedPart[6];
        if (major is < 1 or > 3)
        {
            throw new TableException($"'{path}' is of npy format version {major}; known are 1, 2 and 3.");
        }

        int lengthBytes = major == 1 ? 2 : 4;
        Fill(stream, fixedPart.Slice(8, lengthBytes));
        uint length = major == 1
            ? BinaryPrimitives.ReadUInt16LittleEndian(fixedPart[8..])
            : BinaryPrimitives.ReadUInt32LittleEndian(fixedPart[8..]);
        if (length > MaxHeaderBytes)
        {
            throw new TableException($"'{path}' has an npy header of {length:N0} bytes; that is not one of an array of vectors.");
        }

        byte[] text = new byte[length];
        Fill(stream, text);
        string header = Encoding.UTF8.GetString(text);

        Match descr = DescrPattern().Match(header);
        Match order = OrderPattern().Match(header);
        Match shape = ShapePattern().Match(header);
        if (!descr.Success || !order.Success || !shape.Success)
        {
            throw new TableException(
                $"'{path}' has an npy header that says no plain element type, order and shape: {header.Trim()}. "
                + "Save a two-dimensional array of uint8, int32, float32 or float64.");
        }

        (ElementKind kind, bool bigEndian) = Kind(path, descr.Groups[1].Value);
        string[] sizes = shape.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        ulong rows = 0, dimension = 0;
        if (sizes.Length != 2
            || !ulong.TryParse(sizes[0].TrimEnd('L'), NumberStyles.None, CultureInfo.InvariantCulture, out rows)
            || !ulong.TryParse(sizes[1].TrimEnd('L'), NumberStyles.None, CultureInfo.InvariantCulture, out dimension))
        {
            throw new TableException(
                $"'{path}' holds an array of shape ({shape.Groups[1].Value.Trim()}); a table is made from two dimensions, records by elements. "
                + "Reshape the array.");
        }

        return ArrayLayout.Of(
            path, 8 + lengthBytes + (int)length, rows, dimension, kind, bigEndian, columnMajor: order.Groups[1].Value == "True");
    }

    private static (ElementKind Kind, bool BigEndian) Kind(string path, string descr) => descr switch
    {
        "|u1" or "<u1" or ">u1" => (ElementKind.U8, false),
        "<i4" => (ElementKind.I4, false),
        ">i4" => (ElementKind.I4, true),
        "<f4" => (ElementKind.F4, false),
        ">f4" => (ElementKind.F4, true),
        "<f8" => (ElementKind.F8, false),
        ">f8" => (ElementKind.F8, true),
        _ => throw new TableException(
            $"'{path}' holds elements of the dtype '{descr}', which is unsupported; supported are u1, i4, f4 and f8. "
            + "Convert the array, for instance with astype('float32')."),
    };

    private static void Fill(VectorStream stream, Span<byte> bytes)
    {
        if (stream.Read(bytes) < bytes.Length)
        {
            throw new TableException($"'{stream.Path}' is cut short within its npy header. Fetch or write the file again.");
        }
    }

    [GeneratedRegex("['\"]descr['\"]\\s*:\\s*['\"]([^'\"]*)['\"]")]
    private static partial Regex DescrPattern();

    [GeneratedRegex("['\"]fortran_order['\"]\\s*:\\s*(True|False)")]
    private static partial Regex OrderPattern();

    [GeneratedRegex("['\"]shape['\"]\\s*:\\s*\\(([^)]*)\\)")]
    private static partial Regex ShapePattern();
}
