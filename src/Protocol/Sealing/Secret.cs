using System.Security.Cryptography;

namespace Trident.Protocol.Sealing;

/// <summary>
/// Key bytes that several threads read and one may zero. Readers copy them out under the lock: sealing under a key that was
/// zeroed half-way would be sealing under a key that everyone knows.
/// </summary>
internal sealed class Secret : IDisposable
{
    private readonly Lock _gate = new();
    private readonly byte[] _bytes;
    private bool _disposed;

    /// <summary>Takes the bytes and owns them.</summary>
    public Secret(byte[] bytes) => _bytes = bytes;

    /// <summary>Length in bytes.</summary>
    public int Length => _bytes.Length;

    /// <summary>Copies the key; the caller zeroes its copy.</summary>
    /// <exception cref="ObjectDisposedException">The key was zeroed.</exception>
    public void CopyTo(Span<byte> destination)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _bytes.CopyTo(destination);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            CryptographicOperations.ZeroMemory(_bytes);
        }
    }
}
