using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Trident.Protocol.Tables;

/// <summary>What everyone may know of a table: its name, version and shape. Nothing of its contents.</summary>
/// <param name="Name">What <see cref="ValidateName"/> takes, or a collection's name and a suffix; part of file names.</param>
/// <param name="Version">New for each sharing, so shares of two sharings never mix.</param>
/// <param name="Rows">Number of records, 1 to <see cref="MaxRows"/>.</param>
/// <param name="Shape">The shape of every record.</param>
public sealed partial record TableDescription(string Name, Guid Version, int Rows, RecordShape Shape)
{
    /// <summary>The product that a table is shared for when nothing else is said: stock is made of the table, and e alone is opened.</summary>
    public const string StockProduct = "stock";

    /// <summary>The product whose stock does not depend on the table: e and f are opened, and the table may change while it is served.</summary>
    public const string BeaverProduct = "beaver";

    /// <summary>
    /// The most words that a frame of a <see cref="BeaverProduct"/> table may have, 64 MiB: a query sends as much as the whole table,
    /// and a batch of three items six words for each row.
    /// </summary>
    public const int MaxBeaverFrameWords = 1 << 24;

    /// <summary>The most records that a table may have: what a selector key can address.</summary>
    public const int MaxRows = 1 << 26;

    /// <summary>The most rows of a score table: one for each element of a vector, and one for norms.</summary>
    public const int MaxScoreRows = RecordShape.MaxDimension + 1;

    private const int MaxNameLength = 63;
    private const int CurrentFormat = 1;

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>Which computation answers queries to the table: <see cref="StockProduct"/> or <see cref="BeaverProduct"/>.</summary>
    public string Product { get; init; } = StockProduct;

    /// <summary>Field words of one record.</summary>
    public int Words => Shape.Words;

    /// <summary>
    /// Whether it is a score table: its records are field words as they are, and a query to it carries shares of a vector in place of
    /// selector keys (docs/protocol.md, Scores).
    /// </summary>
    public bool IsScores => Shape.Element == ElementKind.Word;

    /// <summary>Refuses a name that nobody may give to a table.</summary>
    /// <exception cref="TableException">The name is not [a-z0-9][a-z0-9_-]{0,62}.</exception>
    public static void ValidateName(string name)
    {
        if (name is null || !NamePattern().IsMatch(name))
        {
            throw new TableException(
                $"'{name}' cannot be a table's name; use 1 to 63 of a-z, 0-9, '_' and '-', beginning with a letter or a digit.");
        }
    }

    /// <summary>
    /// Refuses a name that no table can have: one that <see cref="ValidateName"/> takes, or a collection's with exactly one of
    /// <c>.scores</c>, <c>.records</c> and <c>.neighbours</c>, 63 characters in all.
    /// </summary>
    /// <exception cref="TableException">It is none of these.</exception>
    public static void ValidateStoredName(string name)
    {
        if (name is null || name.Length > MaxNameLength || !StoredNamePattern().IsMatch(name))
        {
            throw new TableException(
                $"'{name}' cannot be a table's name; a name has 1 to 63 of a-z, 0-9, '_' and '-', beginning with a letter or a digit, "
                + "and for a collection's tables ends in '.scores', '.records' or '.neighbours'.");
        }
    }

    /// <summary>Refuses a description that no table can have.</summary>
    /// <exception cref="TableException">Bad name, version, number of rows, shape or product.</exception>
    public void Validate()
    {
        ValidateStoredName(Name);
        Shape.Validate();
        if (Version == Guid.Empty)
        {
            throw new TableException($"Table '{Name}' has no version.");
        }

        if (Rows is < 1 or > MaxRows)
        {
            throw new TableException($"Table '{Name}' has {Rows:N0} records; a table has 1 to {MaxRows:N0}.");
        }

        if ((long)Rows * Words > int.MaxValue)
        {
            throw new TableException(
                $"Table '{Name}' would have {(long)Rows * Words:N0} words ({Rows:N0} records of {Words:N0}); a table has at most {int.MaxValue:N0}. "
                + "Split it into several tables.");
        }

        if (Product is not (StockProduct or BeaverProduct))
        {
            throw new TableException($"Table '{Name}' is for the product '{Product}', which is unknown; known are '{StockProduct}' and '{BeaverProduct}'.");
        }

        if (IsScores && Rows > MaxScoreRows)
        {
            throw new TableException($"Table '{Name}' has {Rows:N0} rows of words; a score table has at most {MaxScoreRows:N0}.");
        }

        if (IsScores && Product != StockProduct)
        {
            throw new TableException($"Table '{Name}' has records of words and is for the product '{Product}'; a score table is always for '{StockProduct}'.");
        }

        if (Product == BeaverProduct && (long)Rows * Math.Max(Words + 1, 6) > MaxBeaverFrameWords)
        {
            throw new TableException(
                $"Table '{Name}' is too large for the product '{BeaverProduct}', whose queries send the size of the whole table: {Rows:N0} records of "
                + $"{Words:N0} words, where records × max(words + 1, 6) may be {MaxBeaverFrameWords:N0}. Use the product '{StockProduct}', or split the table.");
        }
    }

    /// <summary>Writes the description as JSON, whole or not at all: a temporary file beside it is renamed over it.</summary>
    public void Save(string path)
    {
        Validate();
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            WriteTo(temporary);
            File.Move(temporary, path, overwrite: true);
            DurableFiles.FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Reads a description.</summary>
    /// <exception cref="TableException">The file is absent, is no description, or describes no possible table.</exception>
    public static TableDescription Load(string path)
    {
        try
        {
            Stored stored = JsonSerializer.Deserialize<Stored>(File.ReadAllBytes(path), Json)
                ?? throw new TableException($"'{path}' is not a table description: it holds null.");
            if (stored.Format != CurrentFormat)
            {
                throw new TableException(
                    $"'{path}' is a table description of format {stored.Format}; this program reads format {CurrentFormat}. Share the table again.");
            }

            if (!Enum.TryParse(stored.Element, ignoreCase: true, out ElementKind element)
                || !Enum.IsDefined(element))
            {
                throw new TableException($"'{path}' names the element kind '{stored.Element}'; known are u8, i4, f4, f8 and word.");
            }

            var description = new TableDescription(stored.Name, stored.Version, stored.Rows, new RecordShape(element, stored.Dimension))
            {
                Product = stored.Product,
            };
            description.Validate();
            return description;
        }
        catch (JsonException e)
        {
            throw new TableException($"'{path}' is not a table description: {e.Message} Share the table again.", e);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new TableException($"There is no table description '{path}'.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TableException($"The table description '{path}' cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Writes the description to a new file and flushes it to the disk. Not atomic: for callers that rename.</summary>
    internal void WriteTo(string path)
    {
        var stored = new Stored(
            CurrentFormat, Name, Version, Rows, Shape.Element.ToString().ToLowerInvariant(), Shape.Dimension, Product);
        using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        JsonSerializer.Serialize(stream, stored, Json);
        stream.Flush(flushToDisk: true);
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9_-]{0,62}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();

    [GeneratedRegex("^[a-z0-9][a-z0-9_-]*(\\.(scores|records|neighbours))?\\z", RegexOptions.CultureInvariant)]
    private static partial Regex StoredNamePattern();

    private sealed record Stored(
        [property: JsonRequired] int Format,
        [property: JsonRequired] string Name,
        [property: JsonRequired] Guid Version,
        [property: JsonRequired] int Rows,
        [property: JsonRequired] string Element,
        [property: JsonRequired] int Dimension,
        [property: JsonRequired] string Product);
}
