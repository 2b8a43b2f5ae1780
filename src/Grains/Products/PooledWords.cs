using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Trident.Grains.Products;

/// <summary>A pooled buffer of so many words that are secret: zeroed before it goes back to the pool. Not thread-safe.</summary>
internal sealed class PooledWords(int words) : IDisposable
{
    private uint[]? _array = ArrayPool<uint>.Shared.Rent(words);

    /// <summary>How many words there are.</summary>
    public int Count => words;

    /// <summary>The words; what the pool left in them at first.</summary>
    public Span<uint> Span => Memory.Span;

    /// <summary>The words.</summary>
    public Memory<uint> Memory => (_array ?? throw new ObjectDisposedException(nameof(PooledWords))).AsMemory(0, words);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_array is { } array)
        {
            _array = null;
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(array.AsSpan(0, words)));
            ArrayPool<uint>.Shared.Return(array);
        }
    }
}
