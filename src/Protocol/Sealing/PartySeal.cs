using System.Buffers.Binary;

namespace Trident.Protocol.Sealing;

/// <summary>
/// A party's side of the sealing. Contexts are kept by their encapsulated key, the 1,024 used last at the most; one that was
/// dropped, or was set up with an earlier process, is made again from what the request carries. Safe for concurrent use.
/// </summary>
public sealed class PartySeal(PartyIdentity identity) : IDisposable
{
    private const int Kept = 1024;
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, LinkedListNode<(Guid Key, byte[] Encapsulated, SealKeys Keys)>> _contexts = [];
    private readonly LinkedList<(Guid Key, byte[] Encapsulated, SealKeys Keys)> _order = [];

    /// <summary>Opens a request, and gives what seals its answer.</summary>
    /// <exception cref="SealingException">It is cut short or not authentic.</exception>
    public byte[] OpenRequest(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> aad, out AnswerSealer sealer)
    {
        if (bytes.Length < SealKeys.RequestOverhead)
        {
            throw new SealingException($"The sealed request has {bytes.Length} bytes; the smallest has {SealKeys.RequestOverhead}.");
        }

        SealKeys keys = Keys(bytes[..32]);
        ulong counter = BinaryPrimitives.ReadUInt64BigEndian(bytes[32..]);
        byte[] plaintext = SealKeys.Decrypt(keys.Request, counter, bytes[40..], aad);
        sealer = new AnswerSealer(keys, counter);
        return plaintext;
    }

    /// <summary>Forgets all contexts.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach ((_, _, SealKeys keys) in _order)
            {
                keys.Dispose();
            }

            _order.Clear();
            _contexts.Clear();
        }
    }

    private SealKeys Keys(ReadOnlySpan<byte> encapsulated)
    {
        Guid key = new(encapsulated[..16]);
        lock (_gate)
        {
            if (_contexts.TryGetValue(key, out LinkedListNode<(Guid Key, byte[] Encapsulated, SealKeys Keys)>? node)
                && encapsulated.SequenceEqual(node.Value.Encapsulated))
            {
                _order.Remove(node);
                _order.AddFirst(node);
                return node.Value.Keys;
            }
        }

        byte[] copy = encapsulated.ToArray();
        SealKeys made;
        using (HpkeContext context = identity.SetupRecipient(copy))
        {
            made = new SealKeys(context);
        }

        lock (_gate)
        {
            if (_contexts.Remove(key, out LinkedListNode<(Guid Key, byte[] Encapsulated, SealKeys Keys)>? old))
            {
                _order.Remove(old);
            }

            _contexts[key] = _order.AddFirst((key, copy, made));
            if (_order.Count > Kept)
            {
                // Not disposed: a request may be under way with it. The collector frees it with the last of them.
                _contexts.Remove(_order.Last!.Value.Key);
                _order.RemoveLast();
            }
        }

        return made;
    }
}

/// <summary>Seals the answer of one request, once: a second answer under the same number would share its nonce.</summary>
public sealed class AnswerSealer
{
    private readonly SealKeys _keys;
    private readonly ulong _counter;
    private int _used;

    internal AnswerSealer(SealKeys keys, ulong counter) => (_keys, _counter) = (keys, counter);

    /// <summary>Seals the answer: <c>ciphertext | tag</c>.</summary>
    /// <exception cref="InvalidOperationException">It was used before.</exception>
    public byte[] Seal(ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> aad)
    {
        if (Interlocked.Exchange(ref _used, 1) != 0)
        {
            throw new InvalidOperationException("A request is answered once.");
        }

        byte[] bytes = new byte[plaintext.Length + 16];
        SealKeys.Encrypt(_keys.Answer, _counter, plaintext, bytes, aad);
        return bytes;
    }
}
