using System.Buffers.Binary;
using Trident.Protocol.Tables;

namespace Trident.Collections.Files;

/// <summary>
/// The boundary to the HDF5 library. Of a damaged file it may throw anything, down to a failed allocation, so whatever it throws is told
/// as what it is to the caller: this file cannot be read.
/// </summary>
internal static class Hdf5Guard
{
    /// <summary>Runs a read.</summary>
    /// <exception cref="TableException">The read failed; names the file and carries the cause.</exception>
    public static T Read<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is not (TableException or OperationCanceledException))
        {
            throw new TableException($"'{path}' cannot be read as HDF5: it is damaged, or uses what is not supported ({e.GetType().Name}: {e.Message})", e);
        }
    }
}

/// <summary>The first bytes of an HDF5 file, which say how long the whole file is: a file cut short is found before it is read.</summary>
internal static class Hdf5Superblock
{
    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'H', (byte)'D', (byte)'F', (byte)'\r', (byte)'\n', 0x1a, (byte)'\n'];

    /// <summary>Refuses a file that is no HDF5 file, or shorter than its superblock says. Layout: HDF5 file format specification 3.0, II.A.</summary>
    /// <exception cref="TableException">Absent, unreadable, not HDF5, or cut short.</exception>
    public static void Check(string path)
    {
        byte[] head = new byte[52];
        long length;
        int got;
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            length = stream.Length;
            got = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TableException($"The vector file '{path}' cannot be read: {e.Message}", e);
        }

        if (!head.AsSpan(0, 8).SequenceEqual(Signature))
        {
            throw new TableException($"'{path}' is not an HDF5 file: it does not begin with HDF5's signature. Fetch or write the file again.");
        }

        // Versions 0 and 1 have the end of the file after base address and free space, versions 2 and 3 after base and extension.
        (int offsetSize, int end) = head[8] switch
        {
            0 => (head[13], 40),
            1 => (head[13], 44),
            2 or 3 => (head[9], 28),
            _ => throw new TableException($"'{path}' is an HDF5 file of superblock version {head[8]}; known are 0 to 3."),
        };
        if (got < end + sizeof(long) || (offsetSize == sizeof(long) && BinaryPrimitives.ReadInt64LittleEndian(head.AsSpan(end)) > length))
        {
            throw new TableException($"'{path}' is cut short: its HDF5 superblock says that the file is longer than its {length:N0} bytes. Fetch or write the file again.");
        }
    }
}
