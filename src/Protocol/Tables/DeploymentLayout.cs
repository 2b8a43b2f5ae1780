using Trident.Protocol.Collections;

namespace Trident.Protocol.Tables;

/// <summary>
/// Where a deployment keeps its files. One directory on a machine that plays all parts; where parties are on their own machines,
/// each has parties.json, tables/ and its own party-p/ only.
/// </summary>
/// <param name="directory">The deployment's directory; need not exist yet.</param>
public sealed class DeploymentLayout(string directory)
{
    /// <summary>The deployment's directory.</summary>
    public string Directory { get; } = directory;

    /// <summary>Who the parties are: public.</summary>
    public string PartiesFile => Path.Combine(Directory, "parties.json");

    /// <summary>The public descriptions of tables.</summary>
    public string TablesDirectory => Path.Combine(Directory, "tables");

    /// <summary>The descriptions of collections: for clients. Parties are not given them.</summary>
    public string CollectionsDirectory => Path.Combine(Directory, "collections");

    /// <summary>What only party p may read.</summary>
    public string PartyDirectory(int p) => Path.Combine(Directory, $"party-{CheckParty(p)}");

    /// <summary>Party p's secret identity.</summary>
    public string IdentityFile(int p) => Path.Combine(PartyDirectory(p), "identity.json");

    /// <summary>What only the data owner may read.</summary>
    public string OwnerDirectory => Path.Combine(Directory, "owner");

    /// <summary>The data owner's secret identity.</summary>
    public string OwnerIdentityFile => Path.Combine(OwnerDirectory, "identity.json");

    /// <summary>The directory of party p's share files.</summary>
    public string ShareDirectory(int p) => Path.Combine(PartyDirectory(p), "tables");

    /// <summary>Party p's share of one version of a table.</summary>
    /// <exception cref="TableException">The name could not be a table's.</exception>
    public string ShareFile(int p, string table, Guid version)
    {
        TableDescription.ValidateStoredName(table);
        return Path.Combine(ShareDirectory(p), $"{table}.{version:N}.share");
    }

    /// <summary>Party p's journal of the changes to one version of a table.</summary>
    /// <exception cref="TableException">The name could not be a table's.</exception>
    public string JournalFile(int p, string table, Guid version)
    {
        TableDescription.ValidateStoredName(table);
        return Path.Combine(ShareDirectory(p), $"{table}.{version:N}.journal");
    }

    /// <summary>The description of a table. It names the version that is served.</summary>
    /// <exception cref="TableException">The name could not be a table's.</exception>
    public string DescriptionFile(string table)
    {
        TableDescription.ValidateStoredName(table);
        return Path.Combine(TablesDirectory, $"{table}.json");
    }

    /// <summary>All tables, by name; none when nothing was shared yet.</summary>
    /// <exception cref="TableException">A description cannot be read.</exception>
    public IReadOnlyList<TableDescription> Tables()
    {
        if (!System.IO.Directory.Exists(TablesDirectory))
        {
            return [];
        }

        return [.. System.IO.Directory.EnumerateFiles(TablesDirectory, "*.json")
            .OrderBy(Path.GetFileNameWithoutExtension, StringComparer.Ordinal)
            .Select(LoadNamed)];
    }

    /// <summary>One table.</summary>
    /// <exception cref="TableException">There is no such table (the message lists those there are), or it cannot be read.</exception>
    public TableDescription Table(string name)
    {
        string path = DescriptionFile(name);
        if (!File.Exists(path))
        {
            string[] names = System.IO.Directory.Exists(TablesDirectory)
                ? [.. System.IO.Directory.EnumerateFiles(TablesDirectory, "*.json")
                    .Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)]
                : [];
            throw new TableException(names.Length == 0
                ? $"There is no table '{name}'; no table was shared to '{Directory}' yet."
                : $"There is no table '{name}'; there are: {string.Join(", ", names)}.");
        }

        return LoadNamed(path);
    }

    /// <summary>The description of a collection.</summary>
    /// <exception cref="TableException">The name could not be a collection's.</exception>
    public string CollectionFile(string name)
    {
        CollectionDescription.ValidateName(name);
        return Path.Combine(CollectionsDirectory, $"{name}.json");
    }

    /// <summary>All collections, by name; none when nothing was shared as one yet.</summary>
    /// <exception cref="TableException">A description cannot be read, or is not of the collection that its file is named for.</exception>
    public IReadOnlyList<CollectionDescription> Collections()
    {
        if (!System.IO.Directory.Exists(CollectionsDirectory))
        {
            return [];
        }

        return [.. System.IO.Directory.EnumerateFiles(CollectionsDirectory, "*.json")
            .OrderBy(Path.GetFileNameWithoutExtension, StringComparer.Ordinal)
            .Select(path =>
            {
                CollectionDescription description = CollectionDescription.Load(path);
                return description.Name == Path.GetFileNameWithoutExtension(path)
                    ? description
                    : throw new TableException(
                        $"'{path}' describes the collection '{description.Name}'; a description has its collection's name. Share the collection again.");
            })];
    }

    private static TableDescription LoadNamed(string path)
    {
        TableDescription description = TableDescription.Load(path);
        if (description.Name != Path.GetFileNameWithoutExtension(path))
        {
            throw new TableException($"'{path}' describes the table '{description.Name}'; a description has its table's name. Share the table again.");
        }

        return description;
    }

    private static int CheckParty(int p) => p is >= 1 and <= 3
        ? p
        : throw new ArgumentOutOfRangeException(nameof(p), p, "A party is 1, 2 or 3.");
}
