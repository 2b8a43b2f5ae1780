using Trident.Protocol.Collections;
using Trident.Protocol.Tables;

namespace Trident.Collections;

/// <summary>The last step of sharing a collection: its tables and its description are put in place together.</summary>
internal static class CollectionCommit
{
    /// <summary>Commits the staged tables, then the description; only when it is in place is any of it final.</summary>
    /// <exception cref="TableException">Something cannot be written: the caller disposes the tables, which undoes them.</exception>
    public static void Run(DeploymentLayout layout, CollectionDescription description, List<StagedTable> staged, CancellationToken ct)
    {
        string file = layout.CollectionFile(description.Name);
        string next = Path.Combine(layout.CollectionsDirectory, $".{description.Name}.{Guid.NewGuid():N}.json.tmp");
        bool created = false, done = false;
        try
        {
            created = !Directory.Exists(layout.CollectionsDirectory);
            Directory.CreateDirectory(layout.CollectionsDirectory);
            description.WriteTo(next);
            ct.ThrowIfCancellationRequested();
            staged.ForEach(table => table.Commit());
            File.Move(next, file, overwrite: true);
            done = true;
            DurableFiles.FlushDirectory(layout.CollectionsDirectory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TableException($"Collection '{description.Name}' cannot be written to '{layout.Directory}': {e.Message}", e);
        }
        finally
        {
            if (!done)
            {
                Undo(layout, next, created);
            }
        }

        staged.ForEach(table => table.DeleteOlder());
        if (description.Neighbours is null)
        {
            DeleteNeighbours(layout, description.Name);
        }
    }

    private static void Undo(DeploymentLayout layout, string next, bool created)
    {
        if (Directory.Exists(layout.CollectionsDirectory))
        {
            File.Delete(next);
            if (created && !Directory.EnumerateFileSystemEntries(layout.CollectionsDirectory).Any())
            {
                Directory.Delete(layout.CollectionsDirectory);
            }
        }
    }

    // An earlier version had lists and this one has none: nobody is told of the table any more.
    private static void DeleteNeighbours(DeploymentLayout layout, string name)
    {
        string table = CollectionDescription.NeighboursTable(name);
        File.Delete(layout.DescriptionFile(table));
        for (int party = 1; party <= 3; party++)
        {
            foreach (string share in Directory.GetFiles(layout.ShareDirectory(party), $"{table}.*.share"))
            {
                File.Delete(share);
            }
        }
    }
}
