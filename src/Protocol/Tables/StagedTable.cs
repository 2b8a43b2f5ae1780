namespace Trident.Protocol.Tables;

/// <summary>
/// A table that is shared and not yet in place: three share files under their own names and the description under a temporary one,
/// all flushed to the disk. Several can be staged and then committed together: until <see cref="DeleteOlder"/> was called,
/// <see cref="Dispose"/> undoes everything, a commit included. The table's lock is held until then. Not thread-safe.
/// </summary>
/// <remarks>
/// Undoing is for failures of this process. After one that ends it between two commits, the committed tables are the new ones; the older
/// shares are all still there, and sharing again puts everything in order.
/// </remarks>
public sealed class StagedTable : IDisposable
{
    private readonly DeploymentLayout _layout;
    private readonly TableDirectories _directories;
    private readonly List<ShareWriter> _writers;
    private readonly string _next;
    private readonly bool _replace;
    private string? _older;
    private bool _committed, _final;

    internal StagedTable(DeploymentLayout layout, TableDescription description, TableDirectories directories, List<ShareWriter> writers, string next, bool replace) =>
        (_layout, Description, _directories, _writers, _next, _replace) = (layout, description, directories, writers, next, replace);

    /// <summary>The table that this will be.</summary>
    public TableDescription Description { get; }

    private string Current => _layout.DescriptionFile(Description.Name);

    /// <summary>Renames the description over the older one: from this moment on the new version is the table.</summary>
    /// <exception cref="TableException">The description cannot be put in place.</exception>
    /// <exception cref="InvalidOperationException">It was committed already.</exception>
    public void Commit()
    {
        if (_committed)
        {
            throw new InvalidOperationException($"Table '{Description.Name}' was committed already.");
        }

        try
        {
            KeepOlder();
            File.Move(_next, Current, overwrite: _replace);
            _committed = true;
            DurableFiles.FlushDirectory(_layout.TablesDirectory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw TableSharer.Unwritable(_layout, Description.Name, e);
        }
    }

    /// <summary>Makes the commit final, and deletes the shares and journals of older versions.</summary>
    /// <exception cref="InvalidOperationException">It was not committed.</exception>
    public void DeleteOlder()
    {
        if (!_committed)
        {
            throw new InvalidOperationException($"Table '{Description.Name}' was not committed; its older versions are still the table.");
        }

        _final = true;
        _writers.ForEach(writer => writer.Keep());
        _directories.Keep();
        _directories.DeleteAllBut(Description.Version);
    }

    /// <summary>Undoes what is not final, and lets go of the table.</summary>
    /// <exception cref="TableException">A commit cannot be undone: the new version stays the table, with its shares.</exception>
    public void Dispose()
    {
        try
        {
            if (_committed && !_final)
            {
                PutBack();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A description without its shares would be no table at all.
            _writers.ForEach(writer => writer.Keep());
            _directories.Keep();
            throw new TableException($"Table '{Description.Name}' was put in place, which cannot be undone: {e.Message} Share it again.", e);
        }
        finally
        {
            LetGo();
        }
    }

    /// <summary>
    /// Copies the older description beside it, on the disk before anything changes: undoing is then a rename, which needs no room, and
    /// there is a whole description at every moment.
    /// </summary>
    private void KeepOlder()
    {
        if (!File.Exists(Current))
        {
            return;
        }

        string older = ShareWriter.TemporaryName(Path.Combine(_layout.TablesDirectory, $"{Description.Name}.{Guid.NewGuid():N}.json"));
        _older = older;
        using FileStream from = File.OpenRead(Current), to = new(older, FileMode.CreateNew, FileAccess.Write);
        from.CopyTo(to);
        to.Flush(flushToDisk: true);
    }

    private void PutBack()
    {
        if (_older is null)
        {
            File.Delete(Current);
        }
        else
        {
            File.Move(_older, Current, overwrite: true);
        }

        DurableFiles.FlushDirectory(_layout.TablesDirectory);
        _committed = false;
    }

    private void LetGo()
    {
        try
        {
            _writers.ForEach(writer => writer.Dispose());
        }
        finally
        {
            VersionedFiles.TryDelete(_next);
            if (_older is not null)
            {
                VersionedFiles.TryDelete(_older);
            }

            _directories.Dispose();
        }
    }
}
