using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Trident.Protocol.Product;

/// <summary>
/// A batch's c: so many words for each item, in segments of some 64 KiB or one item, so that the memory of items that went is given
/// back before the whole batch has gone. Thread-safe but for the words themselves, of which each item's have one user.
/// </summary>
internal sealed class ItemWords : IDisposable
{
    private const int SegmentWords = 1 << 14;

    private readonly Lock _gate = new();
    private readonly int _columns, _perSegment;
    private readonly uint[]?[] _segments;
    private readonly int[] _left;
    private readonly bool[] _gone;
    private long _bytes;

    public ItemWords(int columns, int items)
    {
        (_columns, _perSegment) = (columns, Math.Max(1, SegmentWords / columns));
        int segments = (items + _perSegment - 1) / _perSegment;
        (_segments, _left, _gone) = (new uint[segments][], new int[segments], new bool[items]);
        for (int i = 0; i < segments; i++)
        {
            _left[i] = Math.Min(_perSegment, items - i * _perSegment);
            _segments[i] = new uint[_left[i] * columns];
            _bytes += _segments[i]!.Length * (long)sizeof(uint);
        }
    }

    /// <summary>Bytes that are held.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>An item's words.</summary>
    /// <exception cref="ObjectDisposedException">They were given back.</exception>
    public Span<uint> this[int item] => Run(item, 1, out _);

    /// <summary>The words of an item and those that lie behind it, of <paramref name="most"/> items at the most.</summary>
    public Span<uint> Run(int item, int most, out int items)
    {
        int segment = item / _perSegment, first = item % _perSegment;
        uint[] words = _segments[segment] ?? throw new ObjectDisposedException(nameof(ItemWords), $"Item {item} has gone.");
        items = Math.Min(most, words.Length / _columns - first);
        return words.AsSpan(first * _columns, items * _columns);
    }

    /// <summary>Zeroes an item; its memory goes with the last item of its segment.</summary>
    public void Forget(int item)
    {
        lock (_gate)
        {
            int segment = item / _perSegment;
            if (_gone[item] || _segments[segment] is null)
            {
                return;
            }

            _gone[item] = true;
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(this[item]));
            if (--_left[segment] == 0)
            {
                Release(segment);
            }
        }
    }

    /// <summary>Zeroes everything.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            for (int i = 0; i < _segments.Length; i++)
            {
                if (_segments[i] is { } words)
                {
                    CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(words.AsSpan()));
                    Release(i);
                }
            }
        }
    }

    private void Release(int segment)
    {
        Interlocked.Add(ref _bytes, -(_segments[segment]!.Length * (long)sizeof(uint)));
        _segments[segment] = null;
    }
}
