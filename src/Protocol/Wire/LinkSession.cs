using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Trident.Protocol.Sealing;
using Trident.Protocol.Sharing;

namespace Trident.Protocol.Wire;

/// <summary>
/// One process's side of the links to both peers. Frames are AES-256-GCM under keys that only the two parties have: HKDF-SHA256
/// of the pair's secret, salted with the sender's session. The nonce is the sequence number; the header is associated data.
/// </summary>
/// <remarks>
/// A session id is six bytes of milliseconds since 1970 and ten random bytes, so a peer can tell a restarted process from a
/// replay of an old one: a session older than the newest authentic one is refused. That holds while clocks do not run backwards
/// over a restart. Safe for concurrent use.
/// </remarks>
public sealed class LinkSession : IDisposable
{
    /// <summary>Bytes of an acknowledgement: <c>"TRDA" | u8 reason | tag (16)</c>.</summary>
    public const int AckSize = 21;

    private const int TagSize = AesGcmPool.TagSize;
    private const int NonceSize = 12;
    private readonly PairKeys _keys;
    private readonly ConcurrentDictionary<(int From, int To, Guid Session, bool Ack), AesGcmPool> _ciphers = new();
    private readonly Lock[] _gates = [new(), new(), new(), new()];
    private readonly (Guid Session, ReplayWindow Window)[] _newest = new (Guid, ReplayWindow)[4];
    private long _sequence;

    /// <summary>Begins a session.</summary>
    /// <param name="party">This party.</param>
    /// <param name="keys">Its pair secrets; they stay the caller's.</param>
    /// <param name="unixMilliseconds">The time, for the session id.</param>
    public LinkSession(int party, PairKeys keys, long unixMilliseconds)
    {
        Span<byte> id = stackalloc byte[16];
        RandomNumberGenerator.Fill(id);
        Span<byte> time = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(time, unixMilliseconds);
        time[2..].CopyTo(id);
        (Party, _keys, Id) = (party, keys, new Guid(id, bigEndian: true));
    }

    /// <summary>This party.</summary>
    public int Party { get; }

    /// <summary>The session's id.</summary>
    public Guid Id { get; }

    /// <summary>Seals a frame: <c>header | ciphertext | tag</c>.</summary>
    public byte[] Seal(FrameKind kind, int to, Guid query, Guid tableVersion, ReadOnlySpan<byte> body)
    {
        FrameHeader header = new(kind, Party, to, query, tableVersion, body.Length, Id, (ulong)Interlocked.Increment(ref _sequence));
        byte[] frame = new byte[FrameHeader.Size + body.Length + TagSize];
        Span<byte> head = frame.AsSpan(0, FrameHeader.Size);
        header.Write(head);
        Span<byte> nonce = stackalloc byte[NonceSize];
        Nonce(header, nonce);
        Cipher(Party, to, Id, ack: false).Encrypt(nonce, body, frame.AsSpan(FrameHeader.Size, body.Length), frame.AsSpan(FrameHeader.Size + body.Length), head);
        return frame;
    }

    /// <summary>Opens what followed a header. The replay window moves only for what is authentic.</summary>
    public FrameOpening Open(FrameHeader header, ReadOnlySpan<byte> ciphertextAndTag)
    {
        if (header.To != Party || header.From == Party || header.From is < 1 or > 3)
        {
            return new FrameOpening(AckReason.UnknownPeer, null);
        }

        if (ciphertextAndTag.Length != header.BodyLength + (long)TagSize)
        {
            return new FrameOpening(AckReason.BadFrame, null);
        }

        Span<byte> head = stackalloc byte[FrameHeader.Size];
        header.Write(head);
        Span<byte> nonce = stackalloc byte[NonceSize];
        Nonce(header, nonce);
        byte[] body = new byte[header.BodyLength];
        bool known = header.Session == _newest[header.From].Session;
        AesGcmPool cipher = known ? Cipher(header.From, Party, header.Session, ack: false) : Derive(header.From, Party, header.Session, ack: false);
        try
        {
            cipher.Decrypt(nonce, ciphertextAndTag[..^TagSize], ciphertextAndTag[^TagSize..], body, head);
        }
        catch (AuthenticationTagMismatchException)
        {
            return new FrameOpening(AckReason.Unauthentic, null);
        }
        finally
        {
            if (!known)
            {
                // Only sessions that proved authentic are kept: strangers must not fill the cache.
                cipher.Dispose();
            }
        }

        return Fresh(header) ? new FrameOpening(AckReason.Ok, body) : new FrameOpening(AckReason.Replayed, null);
    }

    /// <summary>Seals an acknowledgement. A refusal of what is no frame (<paramref name="received"/> null) carries no tag.</summary>
    public byte[] SealAck(FrameHeader? received, AckReason reason)
    {
        byte[] ack = new byte[AckSize];
        "TRDA"u8.CopyTo(ack);
        ack[4] = (byte)reason;
        if (reason == AckReason.Ok && received is not null)
        {
            Span<byte> nonce = stackalloc byte[NonceSize];
            Nonce(received, nonce);
            Cipher(received.From, Party, received.Session, ack: true).Encrypt(nonce, [], [], ack.AsSpan(5), ack.AsSpan(0, 5));
        }

        return ack;
    }

    /// <summary>
    /// Reads the acknowledgement of a frame that this session sent. OK must be authentic; a refusal need not be, for whoever could
    /// forge it could as well have dropped the frame.
    /// </summary>
    /// <exception cref="IOException">It is no acknowledgement, or an OK that is not authentic.</exception>
    public AckReason OpenAck(ReadOnlySpan<byte> ack, FrameHeader sent)
    {
        if (ack.Length != AckSize || !ack[..4].SequenceEqual("TRDA"u8) || ack[4] > (byte)AckReason.Stopping)
        {
            throw new IOException("what came back is no acknowledgement");
        }

        if (ack[4] != (byte)AckReason.Ok)
        {
            return (AckReason)ack[4];
        }

        Span<byte> nonce = stackalloc byte[NonceSize];
        Nonce(sent, nonce);
        try
        {
            Cipher(sent.From, sent.To, sent.Session, ack: true).Decrypt(nonce, [], ack[5..], [], ack[..5]);
            return AckReason.Ok;
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw new IOException("the acknowledgement is not authentic", e);
        }
    }

    /// <summary>Forgets the keys.</summary>
    public void Dispose()
    {
        foreach (AesGcmPool cipher in _ciphers.Values)
        {
            cipher.Dispose();
        }
    }

    private bool Fresh(FrameHeader header)
    {
        lock (_gates[header.From])
        {
            ref (Guid Session, ReplayWindow Window) newest = ref _newest[header.From];
            if (newest.Window is null || Milliseconds(header.Session) > Milliseconds(newest.Session))
            {
                newest = (header.Session, new ReplayWindow());
            }
            else if (header.Session != newest.Session)
            {
                return false;
            }

            return newest.Window.TryNote(header.Sequence);
        }
    }

    private AesGcmPool Cipher(int from, int to, Guid session, bool ack) =>
        _ciphers.GetOrAdd((from, to, session, ack), k => Derive(k.From, k.To, k.Session, k.Ack));

    private AesGcmPool Derive(int from, int to, Guid session, bool ack)
    {
        byte[] info = [.. ack ? "trident ack v1"u8 : "trident link v1"u8, (byte)from, (byte)to];
        Span<byte> key = stackalloc byte[32];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _keys.With(from == Party ? to : from), key, session.ToByteArray(bigEndian: true), info);
        AesGcmPool cipher = new(key);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }

    private static void Nonce(FrameHeader header, Span<byte> nonce)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(nonce[4..], header.Sequence);
    }

    private static long Milliseconds(Guid session)
    {
        Span<byte> bytes = stackalloc byte[16];
        session.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16;
    }
}
