using System.Runtime.InteropServices;

namespace Trident.Protocol.Tables;

/// <summary>What the runtime's file classes lack for a rename that outlives a power cut.</summary>
internal static partial class DurableFiles
{
    private const int ReadOnlyCloseOnExec = 0x80000; // O_RDONLY | O_CLOEXEC, the same on every Linux this runs on

    /// <summary>
    /// Flushes a directory's entries to the disk, so that renames in it last. Does nothing where a directory cannot be flushed:
    /// Windows keeps renames in its journal, and a file system that refuses is no worse than one that ignores it.
    /// </summary>
    public static void FlushDirectory(string directory)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        int descriptor = OpenDescriptor(directory, ReadOnlyCloseOnExec);
        if (descriptor >= 0)
        {
            _ = Flush(descriptor);
            _ = CloseDescriptor(descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenDescriptor(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Flush(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseDescriptor(int descriptor);
}
