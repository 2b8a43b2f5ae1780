namespace Trident.Protocol.Tables;

/// <summary>What one element of a record is. Elements are little endian in records, whatever the file they came from had.</summary>
public enum ElementKind : byte
{
    /// <summary>Unsigned 8-bit integer.</summary>
    U8 = 1,

    /// <summary>Signed 32-bit integer.</summary>
    I4 = 2,

    /// <summary>IEEE 754 single.</summary>
    F4 = 3,

    /// <summary>IEEE 754 double.</summary>
    F8 = 4,
}

/// <summary>The shape that every record of a table has.</summary>
/// <param name="Element">What one element is.</param>
/// <param name="Dimension">How many elements a record has, 1 to <see cref="MaxDimension"/>.</param>
public sealed record RecordShape(ElementKind Element, int Dimension)
{
    /// <summary>The most elements that a record may have.</summary>
    public const int MaxDimension = 65_536;

    /// <summary>Bytes of one element.</summary>
    /// <exception cref="TableException">The element kind is unknown.</exception>
    public int ElementBytes => SizeOf(Element);

    /// <summary>Bytes of one record.</summary>
    public int Bytes => Dimension * ElementBytes;

    /// <summary>Field words of one record, at <see cref="RecordPacking.BitsPerWord"/> bits each.</summary>
    public int Words => RecordPacking.WordsFor(Bytes);

    /// <summary>Bytes of one element of a kind.</summary>
    /// <exception cref="TableException">The element kind is unknown.</exception>
    public static int SizeOf(ElementKind element) => element switch
    {
        ElementKind.U8 => 1,
        ElementKind.I4 or ElementKind.F4 => 4,
        ElementKind.F8 => 8,
        _ => throw new TableException($"Unknown element kind {(int)element}; known are u8, i4, f4 and f8."),
    };

    /// <summary>Refuses a shape that no table can have.</summary>
    /// <exception cref="TableException">Unknown element kind, or a dimension outside 1 to <see cref="MaxDimension"/>.</exception>
    public void Validate()
    {
        _ = SizeOf(Element);
        if (Dimension is < 1 or > MaxDimension)
        {
            throw new TableException($"A record of {Dimension} elements cannot be stored; a record has 1 to {MaxDimension:N0} elements.");
        }
    }

    /// <summary>For messages: "128 x u8".</summary>
    public override string ToString() => $"{Dimension} x {Element.ToString().ToLowerInvariant()}";
}
