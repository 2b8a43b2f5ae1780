using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Trident.Protocol.Tables;

/// <summary>
/// Writes one party's share under a temporary name, and gives it its own when it is whole and on the disk. What was written is
/// deleted by <see cref="Dispose"/> unless <see cref="Keep"/> was called.
/// </summary>
internal sealed class ShareWriter : IDisposable
{
    private readonly int _party;
    private readonly TableDescription _description;
    private readonly Guid _deployment;
    private readonly string _path;
    private readonly string _temporary;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private FileStream? _stream;
    private bool _keep;

    /// <summary>Creates the temporary file, with room for the header.</summary>
    public ShareWriter(int party, string path, TableDescription description, Guid deployment)
    {
        (_party, _path, _description, _deployment) = (party, path, description, deployment);
        _temporary = TemporaryName(path);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            BufferSize = 0, // blocks are large already
            // Known beforehand, so a full disk is found out now rather than in an hour.
            PreallocationSize = ShareFileHeader.Size + (long)description.Rows * description.Words * sizeof(uint),
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        _stream = new FileStream(_temporary, options);
        _stream.Position = ShareFileHeader.Size;
    }

    /// <summary>The name under which a file is written before it has its own: hidden, and in the same directory.</summary>
    public static string TemporaryName(string path) =>
        Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.tmp");

    /// <summary>Appends words of the matrix.</summary>
    public void Append(ReadOnlySpan<uint> words)
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(words);
        _hash.AppendData(bytes);
        _stream!.Write(bytes);
    }

    /// <summary>Writes the header, flushes all to the disk, and renames the file to its own name.</summary>
    public void Complete()
    {
        byte[] page = new byte[ShareFileHeader.Size];
        new ShareFileHeader(_description, _party, _deployment, _hash.GetHashAndReset()).Write(page);
        _stream!.Position = 0;
        _stream.Write(page);
        _stream.Flush(flushToDisk: true);
        _stream.Dispose();
        _stream = null;
        File.Move(_temporary, _path);
        DurableFiles.FlushDirectory(Path.GetDirectoryName(_path)!);
    }

    /// <summary>From now on the file is the table's and stays.</summary>
    public void Keep() => _keep = true;

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream?.Dispose();
        _hash.Dispose();
        if (!_keep)
        {
            File.Delete(_temporary);
            File.Delete(_path);
        }
    }
}
