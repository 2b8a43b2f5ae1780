namespace Trident.Protocol.Tables;

/// <summary>
/// The directories that sharing one table writes to, held by one sharing at a time. Those that had to be created are removed
/// again by <see cref="Dispose"/> unless <see cref="Keep"/> was called.
/// </summary>
internal sealed class TableDirectories : IDisposable
{
    private readonly DeploymentLayout _layout;
    private readonly string _table;
    private readonly Stack<string> _created = new();
    private FileStream? _lock;
    private bool _keep;

    /// <summary>Creates what is missing and takes the table's lock.</summary>
    /// <exception cref="TableException">Another sharing of the same table is under way.</exception>
    public TableDirectories(DeploymentLayout layout, string table)
    {
        (_layout, _table) = (layout, table);
        try
        {
            Create(Path.GetFullPath(layout.TablesDirectory), secret: false);
            for (int party = 1; party <= 3; party++)
            {
                Create(Path.GetFullPath(layout.ShareDirectory(party)), secret: true);
            }

            _lock = Lock(Path.Combine(layout.TablesDirectory, $".{table}.lock"), table);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>From now on the directories are the table's and stay.</summary>
    public void Keep() => _keep = true;

    /// <summary>Deletes all shares and journals of the table but one version's, and what sharings that were killed left behind; see <see cref="VersionedFiles"/>.</summary>
    public void DeleteAllBut(Guid version)
    {
        DeleteShares(_layout, _table, version);
        VersionedFiles.Delete(_layout.TablesDirectory, $".{_table}.", ".json.tmp", current: null);
    }

    /// <summary>Deletes a table's shares and journals at all parties.</summary>
    /// <param name="layout">The deployment.</param>
    /// <param name="table">The table.</param>
    /// <param name="except">The version whose shares stay; null for none.</param>
    public static void DeleteShares(DeploymentLayout layout, string table, Guid? except)
    {
        for (int party = 1; party <= 3; party++)
        {
            string directory = layout.ShareDirectory(party);
            string? share = except is { } v ? Path.GetFileName(layout.ShareFile(party, table, v)) : null;
            string? journal = except is { } w ? Path.GetFileName(layout.JournalFile(party, table, w)) : null;
            VersionedFiles.Delete(directory, $"{table}.", ".share", share);
            VersionedFiles.Delete(directory, $".{table}.", ".share.tmp", current: null);
            VersionedFiles.Delete(directory, $"{table}.", ".journal", journal);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _lock?.Dispose();
        _lock = null;
        while (!_keep && _created.TryPop(out string? directory))
        {
            try
            {
                Directory.Delete(directory);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Someone else put something there meanwhile: then it is no longer ours to remove.
            }
        }
    }

    private static FileStream Lock(string path, string table)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw new TableException($"Table '{table}' is being shared by another program now. Wait for it to end, then try again.", e);
        }
    }

    private void Create(string directory, bool secret)
    {
        if (Directory.Exists(directory))
        {
            return;
        }

        if (Path.GetDirectoryName(directory) is { } parent)
        {
            Create(parent, secret && parent != Path.GetFullPath(_layout.Directory));
        }

        if (secret && !OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        else
        {
            Directory.CreateDirectory(directory);
        }

        _created.Push(directory);
    }
}
