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

    /// <summary>One field word, 4 bytes, below p, stored as it is: an element of a score table. No file of vectors has it.</summary>
    Word = 5,
}

/// <summary>The shape that every record of a table has.</summary>
/// <param name="Element">What one element is.</param>
/// <param name="Dimension">How many elements a record has, 1 to <see cref="MaxDimension"/>, or <see cref="MaxWords"/> of words.</param>
public sealed record RecordShape(ElementKind Element, int Dimension)
{
    /// <summary>The most elements that a record may have, if they are not words.</summary>
    public const int MaxDimension = 65_536;

    /// <summary>The most words that a record of words may have: one for each vector of a collection.</summary>
    public const int MaxWords = 1 << 26;

    /// <summary>Bytes of one element.</summary>
    /// <exception cref="TableException">The element kind is unknown.</exception>
    public int ElementBytes => SizeOf(Element);

    /// <summary>Bytes of one record.</summary>
    public int Bytes => Dimension * ElementBytes;

    /// <summary>Field words of one record, at <see cref="RecordPacking.BitsPerWord"/> bits each; elements that are words stay as they are.</summary>
    public int Words => Element == ElementKind.Word ? Dimension : RecordPacking.WordsFor(Bytes);

    /// <summary>Bytes of one element of a kind.</summary>
    /// <exception cref="TableException">The element kind is unknown.</exception>
    public static int SizeOf(ElementKind element) => element switch
    {
        ElementKind.U8 => 1,
        ElementKind.I4 or ElementKind.F4 or ElementKind.Word => 4,
        ElementKind.F8 => 8,
        _ => throw new TableException($"Unknown element kind {(int)element}; known are u8, i4, f4, f8 and word."),
    };

    /// <summary>Refuses a shape that no table can have.</summary>
    /// <exception cref="TableException">Unknown element kind, or a dimension outside its range.</exception>
    public void Validate()
    {
        _ = SizeOf(Element);
        int most = Element == ElementKind.Word ? MaxWords : MaxDimension;
        if (Dimension < 1 || Dimension > most)
        {
            throw new TableException($"A record of {Dimension} elements cannot be stored; a record has 1 to {most:N0} elements.");
        }
    }

    /// <summary>For messages: "128 x u8".</summary>
    public override string ToString() => $"{Dimension} x {Element.ToString().ToLowerInvariant()}";
}
