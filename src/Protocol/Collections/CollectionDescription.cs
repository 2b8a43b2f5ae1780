using System.Text.Json;
using System.Text.Json.Serialization;
using Trident.Protocol.Tables;

namespace Trident.Protocol.Collections;

/// <summary>
/// What clients know of a collection: how its vectors are scored and where its records are. Parties do not need it, and are not given
/// it: its scale tells the length of the longest vector.
/// </summary>
/// <param name="Name">As a table's name, shorter by what the names of its tables add.</param>
/// <param name="Count">Vectors, 1 or more. Rows 0 to Count − 1 are in the order of the ids.</param>
/// <param name="Scale">How vectors are scored.</param>
/// <param name="Layout">How records are laid out.</param>
/// <param name="Scores">Version of the table <c>NAME.scores</c>.</param>
/// <param name="Records">Version of the table <c>NAME.records</c>.</param>
/// <param name="Neighbours">Version of the table <c>NAME.neighbours</c>; null where none was made.</param>
/// <param name="NeighboursPerList">Ids in each list of neighbours; 0 where there are no lists.</param>
public sealed record CollectionDescription(
    string Name, int Count, ScoreScale Scale, RecordLayout Layout, Guid Scores, Guid Records, Guid? Neighbours, int NeighboursPerList)
{
    /// <summary>The most characters that a collection's name may have: its tables' names add up to 11.</summary>
    public const int MaxNameLength = 52;

    private const int CurrentFormat = 1;

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        IgnoreReadOnlyProperties = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>Elements of a vector.</summary>
    public int Dimension => Layout.Vector.Dimension;

    /// <summary>What nearest means.</summary>
    public Metric Metric => Scale.Metric;

    /// <summary>Name of the score table of a collection.</summary>
    public static string ScoresTable(string name) => name + ".scores";

    /// <summary>Name of the record table of a collection.</summary>
    public static string RecordsTable(string name) => name + ".records";

    /// <summary>Name of the table of neighbour lists of a collection.</summary>
    public static string NeighboursTable(string name) => name + ".neighbours";

    /// <summary>Refuses a name that could not be a collection's.</summary>
    /// <exception cref="TableException">Not a table's name, or too long.</exception>
    public static void ValidateName(string name)
    {
        TableDescription.ValidateName(name);
        if (name.Length > MaxNameLength)
        {
            throw new TableException($"'{name}' has {name.Length} characters; a collection's name has at most {MaxNameLength}.");
        }
    }

    /// <summary>Refuses a description that no collection can have.</summary>
    /// <exception cref="TableException">Bad name, count, scale, layout or versions.</exception>
    public void Validate()
    {
        ValidateName(Name);
        Layout.Validate();
        bool scale = Enum.IsDefined(Scale.Metric) && double.IsFinite(Scale.Data) && Scale.Data > 0 && double.IsFinite(Scale.Unit) && Scale.Unit > 0
            && double.IsFinite(Scale.MaxNorm) && Scale.MaxNorm > 0;
        if (Count < 1 || !scale || Scores == Guid.Empty || Records == Guid.Empty || Neighbours == Guid.Empty
            || Neighbours is null != (NeighboursPerList == 0) || NeighboursPerList < 0 || (NeighboursPerList > 0 && NeighboursPerList >= Count))
        {
            throw new TableException($"Collection '{Name}' is described with figures that no collection has. Share it again.");
        }
    }

    /// <summary>Writes the description as JSON to a new file and flushes it. Not atomic: for callers that rename.</summary>
    public void WriteTo(string path)
    {
        Validate();
        using FileStream stream = new(path, FileMode.CreateNew, FileAccess.Write);
        JsonSerializer.Serialize(stream, new Stored(CurrentFormat, this), Json);
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Reads a description.</summary>
    /// <exception cref="TableException">The file is absent, is no description, or describes no possible collection.</exception>
    public static CollectionDescription Load(string path)
    {
        try
        {
            Stored stored = JsonSerializer.Deserialize<Stored>(File.ReadAllBytes(path), Json)
                ?? throw new TableException($"'{path}' is not a collection's description: it holds null.");
            if (stored.Format != CurrentFormat)
            {
                throw new TableException(
                    $"'{path}' is a collection's description of format {stored.Format}; this program reads format {CurrentFormat}. Share the collection again.");
            }

            stored.Collection.Validate();
            return stored.Collection;
        }
        catch (JsonException e)
        {
            throw new TableException($"'{path}' is not a collection's description: {e.Message} Share the collection again.", e);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new TableException($"There is no collection's description '{path}'.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TableException($"The collection's description '{path}' cannot be read: {e.Message}", e);
        }
    }

    private sealed record Stored([property: JsonRequired] int Format, [property: JsonRequired] CollectionDescription Collection);
}
