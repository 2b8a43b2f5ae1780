using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Trident.Protocol.Sealing;

/// <summary>
/// A party's side of clients' envelopes. The keys of the 1,024 clients heard from last are kept; of any other client they are
/// worked out again from its request. Thread-safe. That a request comes once is not checked here: the tickets in it are
/// used once.
/// </summary>
public sealed class PartySeal : IDisposable
{
    /// <summary>Bytes that a sealed request has beyond what is sealed.</summary>
    public const int RequestOverhead = RequestKeys.RequestOverhead;

    /// <summary>How many clients' keys are kept.</summary>
    public const int CacheSize = 1024;

    private readonly PartyIdentity _identity;
    private readonly byte[] _info;
    private readonly Lock _gate = new();
    private readonly Dictionary<ClientId, LinkedListNode<(ClientId Id, Secret Keys)>> _byClient = [];
    private readonly LinkedList<(ClientId Id, Secret Keys)> _recent = new();
    private bool _disposed;

    /// <summary>Opens with the given identity, which the caller keeps and disposes of.</summary>
    public PartySeal(PartyIdentity identity)
    {
        _identity = identity;
        _info = RequestKeys.Info(identity.Party, identity.Deployment);
    }

    /// <summary>How many clients' keys are held now.</summary>
    internal int Held
    {
        get
        {
            lock (_gate)
            {
                return _byClient.Count;
            }
        }
    }

    /// <summary>Opens a request and gives what seals its answer.</summary>
    /// <param name="bytes">enc (32) | counter (8, big endian) | ciphertext | tag (16).</param>
    /// <param name="aad">What the client authenticated beside it.</param>
    /// <param name="sealer">Seals one answer to this request.</param>
    /// <exception cref="SealingException">Too short, altered, for another party or deployment, or with other associated data.</exception>
    public byte[] OpenRequest(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> aad, out AnswerSealer sealer)
    {
        if (bytes.Length < RequestKeys.RequestOverhead)
        {
            throw new SealingException(
                $"The sealed request has {bytes.Length} bytes; it has at least {RequestKeys.RequestOverhead}.");
        }

        ClientId id = MemoryMarshal.Read<ClientId>(bytes);
        Span<byte> keys = stackalloc byte[2 * RequestKeys.KeyBytes];
        Secret? fresh = null;
        try
        {
            if (!TryGet(id, keys))
            {
                using RecipientContext context = _identity.SetupRecipient(bytes[..Hpke.EncBytes].ToArray(), _info);
                fresh = RequestKeys.Export(context);
                fresh.CopyTo(keys);
            }

            ulong counter = BinaryPrimitives.ReadUInt64BigEndian(bytes[Hpke.EncBytes..]);
            byte[] plaintext = Open(keys[..RequestKeys.KeyBytes], counter, bytes[RequestKeys.RequestPrefix..], aad);

            // Only a request that opened earns its client a place: noise cannot push clients out.
            if (fresh is not null && Keep(id, fresh))
            {
                fresh = null;
            }

            sealer = new AnswerSealer(keys[RequestKeys.KeyBytes..].ToArray(), counter);
            return plaintext;
        }
        finally
        {
            fresh?.Dispose();
            CryptographicOperations.ZeroMemory(keys);
        }
    }

    /// <summary>Zeroes the clients' keys; the identity stays the caller's.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach ((ClientId _, Secret keys) in _recent)
            {
                keys.Dispose();
            }

            _recent.Clear();
            _byClient.Clear();
        }
    }

    private byte[] Open(ReadOnlySpan<byte> key, ulong counter, ReadOnlySpan<byte> body, ReadOnlySpan<byte> aad)
    {
        Span<byte> nonce = stackalloc byte[12];
        RequestKeys.RequestNonce(counter, nonce);
        byte[] plaintext = GC.AllocateUninitializedArray<byte>(body.Length - RequestKeys.TagBytes);
        using AesGcm cipher = new(key, RequestKeys.TagBytes);
        try
        {
            cipher.Decrypt(nonce, body[..plaintext.Length], body[plaintext.Length..], plaintext, aad);
            return plaintext;
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw new SealingException(
                $"The request does not open at party {_identity.Party}: it was altered, or sealed to another party, deployment or query.",
                e);
        }
    }

    private bool TryGet(ClientId id, Span<byte> keys)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_byClient.TryGetValue(id, out LinkedListNode<(ClientId Id, Secret Keys)>? node))
            {
                return false;
            }

            _recent.Remove(node);
            _recent.AddLast(node);
            node.Value.Keys.CopyTo(keys);
            return true;
        }
    }

    private bool Keep(ClientId id, Secret keys)
    {
        lock (_gate)
        {
            if (_disposed || _byClient.ContainsKey(id))
            {
                return false;
            }

            if (_byClient.Count == CacheSize)
            {
                (ClientId oldest, Secret old) = _recent.First!.Value;
                _recent.RemoveFirst();
                _byClient.Remove(oldest);
                old.Dispose();
            }

            _byClient.Add(id, _recent.AddLast((id, keys)));
            return true;
        }
    }

    /// <summary>The 32 bytes of enc, as a dictionary's key.</summary>
    private readonly record struct ClientId(ulong A, ulong B, ulong C, ulong D);
}
