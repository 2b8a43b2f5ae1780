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

        // It is shared: what cannot be deleted now the next sharing deletes.
        staged.ForEach(table => table.DeleteOlder());
        VersionedFiles.Delete(layout.CollectionsDirectory, $".{description.Name}.", ".json.tmp", current: null);
        if (description.Neighbours is null)
        {
            DeleteNeighbours(layout, description.Name);
        }
    }

    /// <summary>
    /// Disposes the tables in the reverse order, so that directories made by the first are empty when it removes them; each of them,
    /// whatever happens at another.
    /// </summary>
    /// <param name="staged">The tables.</param>
    /// <returns>The first that could not be undone; null when all could.</returns>
    public static TableException? LetGo(IReadOnlyList<StagedTable> staged)
    {
        TableException? first = null;
        for (int i = staged.Count - 1; i >= 0; i--)
        {
            try
            {
                staged[i].Dispose();
            }
            catch (TableException e)
            {
                first ??= e;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                first ??= new TableException($"What was written of table '{staged[i].Description.Name}' cannot be deleted: {e.Message}", e);
            }
        }

        return first;
    }

    // What fails here must not hide why there is something to undo.
    private static void Undo(DeploymentLayout layout, string next, bool created)
    {
        VersionedFiles.TryDelete(next);
        try
        {
            if (created && Directory.Exists(layout.CollectionsDirectory) && !Directory.EnumerateFileSystemEntries(layout.CollectionsDirectory).Any())
            {
                Directory.Delete(layout.CollectionsDirectory);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // An empty directory does no harm.
        }
    }

    // An earlier version had lists and this one has none: nobody is told of the table any more. The description goes last: what is
    // left of the table then still has a name.
    private static void DeleteNeighbours(DeploymentLayout layout, string name)
    {
        string table = CollectionDescription.NeighboursTable(name);
        TableDirectories.DeleteShares(layout, table, except: null);
        VersionedFiles.TryDelete(layout.DescriptionFile(table));
    }
}
