using System.Buffers.Binary;
using System.Security.Cryptography;
using Trident.Protocol.Sealing;
using Trident.Protocol.Sharing;

namespace Trident.Protocol.Wire;

/// <summary>What became of a received frame; there is a body exactly when the reason is <c>Ok</c>.</summary>
public readonly record struct FrameOpening(AckReason Reason, byte[]? Body);

/// <summary>
/// One process's side of its links with both peers: seals and opens frames and acknowledgements. A session is six bytes of
/// Unix milliseconds, big endian, and ten random ones: no two processes encrypt under one key. Thread-safe.
/// </summary>
/// <remarks>
/// Assumed: a party's clock does not go back across a restart, else its peers take the new process for an old one and say
/// <c>Replayed</c>. Not claimed: a receiver that restarts has forgotten what came; what protects it then is that queries and
/// batches have fresh ids. Forward secrecy is not claimed either: the keys follow from the parties' static keys.
/// </remarks>
public sealed class LinkSession : IDisposable
{
    /// <summary>Bytes of an acknowledgement: magic "TRDA" (4) | version (1) | reason (1) | sequence (8) | tag (16).</summary>
    public const int AckSize = 30;

    /// <summary>The sequence in the refusal of what had no readable header. No frame has it: a session would have to send 2^64.</summary>
    public const ulong NoSequence = ulong.MaxValue;

    private const int AckPrefix = 14;
    private const byte AckVersion = 2;

    private readonly OutboundLink[] _outbound = new OutboundLink[4];
    private readonly InboundLink[] _inbound = new InboundLink[4];

    /// <summary>Begins a session.</summary>
    /// <param name="party">This party, 1 to 3.</param>
    /// <param name="keys">Its secrets with its peers; the caller keeps and disposes of them, after this session.</param>
    /// <param name="unixMilliseconds">Now.</param>
    /// <exception cref="ArgumentException">The secrets are another party's.</exception>
    public LinkSession(int party, PairKeys keys, long unixMilliseconds)
        : this(party, keys, NewSession(unixMilliseconds))
    {
    }

    /// <summary>The same with a given id, for tests.</summary>
    internal LinkSession(int party, PairKeys keys, Guid session)
    {
        if (keys.Party != party)
        {
            throw new ArgumentException($"These are the secrets of party {keys.Party}, not of party {party}.", nameof(keys));
        }

        (Party, Session) = (party, session);
        for (int peer = 1; peer <= 3; peer++)
        {
            if (peer != party)
            {
                byte[] derived = new byte[LinkKeys.Bytes];
                LinkKeys.Derive(keys.With(peer), session, party, peer, derived);
                _outbound[peer] = new OutboundLink(new Secret(derived));
                _inbound[peer] = new InboundLink(keys, peer, party);
            }
        }
    }

    /// <summary>This party.</summary>
    public int Party { get; }

    /// <summary>This session.</summary>
    public Guid Session { get; }

    private static ReadOnlySpan<byte> AckMagic => "TRDA"u8;

    /// <summary>Seals a whole frame: header (68) | encrypted body | tag (16), in one allocation.</summary>
    /// <exception cref="ArgumentException">There is no such peer, no such kind, or the body is too large.</exception>
    public byte[] Seal(FrameKind kind, int to, Guid query, Guid tableVersion, ReadOnlySpan<byte> body)
    {
        if (!IsPeer(to))
        {
            throw new ArgumentException($"Party {Party} has no peer {to}.", nameof(to));
        }

        if (kind is < FrameKind.EShare or > FrameKind.StockClose)
        {
            throw new ArgumentException($"There is no kind of frame {(byte)kind}.", nameof(kind));
        }

        if (body.Length > FrameHeader.MaxBodyLength)
        {
            throw new ArgumentException(
                $"A frame's body has at most {FrameHeader.MaxBodyLength} bytes; this one has {body.Length}.", nameof(body));
        }

        OutboundLink link = _outbound[to];
        FrameHeader header = new(kind, Party, to, query, tableVersion, body.Length, Session, link.NextSequence());
        byte[] frame = GC.AllocateUninitializedArray<byte>(header.FrameLength);
        header.Write(frame);
        Span<byte> nonce = stackalloc byte[LinkKeys.NonceBytes];
        WriteNonce(header.Sequence, nonce);
        Span<byte> keys = stackalloc byte[LinkKeys.Bytes];
        link.Keys.CopyTo(keys);
        using AesGcm cipher = new(keys[..LinkKeys.KeyBytes], FrameHeader.TagSize);
        CryptographicOperations.ZeroMemory(keys);
        Span<byte> rest = frame.AsSpan(FrameHeader.Size);
        cipher.Encrypt(nonce, body, rest[..body.Length], rest[body.Length..], frame.AsSpan(0, FrameHeader.Size));
        return frame;
    }

    /// <summary>Opens a received frame. What is remembered against replay changes only after it authenticated.</summary>
    /// <param name="header">As parsed from the frame's first 68 bytes.</param>
    /// <param name="ciphertextAndTag">The rest: <see cref="FrameHeader.SealedLength"/> bytes.</param>
    public FrameOpening Open(FrameHeader header, ReadOnlySpan<byte> ciphertextAndTag)
    {
        if (header.To != Party || !IsPeer(header.From))
        {
            return new FrameOpening(AckReason.UnknownPeer, null);
        }

        if (header.BodyLength is < 0 or > FrameHeader.MaxBodyLength || ciphertextAndTag.Length != header.SealedLength)
        {
            return new FrameOpening(AckReason.BadFrame, null);
        }

        InboundLink link = _inbound[header.From];
        if (!link.MayBeNew(header))
        {
            return new FrameOpening(AckReason.Replayed, null);
        }

        Span<byte> aad = stackalloc byte[FrameHeader.Size];
        header.Write(aad);
        Span<byte> nonce = stackalloc byte[LinkKeys.NonceBytes];
        WriteNonce(header.Sequence, nonce);
        Span<byte> keys = stackalloc byte[LinkKeys.Bytes];
        try
        {
            link.CopyKeys(header.Session, keys);
            using AesGcm cipher = new(keys[..LinkKeys.KeyBytes], FrameHeader.TagSize);
            byte[] body = GC.AllocateUninitializedArray<byte>(header.BodyLength);
            cipher.Decrypt(nonce, ciphertextAndTag[..body.Length], ciphertextAndTag[body.Length..], body, aad);
            return link.Take(header, keys)
                ? new FrameOpening(AckReason.Ok, body)
                : new FrameOpening(AckReason.Replayed, null);
        }
        catch (AuthenticationTagMismatchException)
        {
            return new FrameOpening(AckReason.Unauthentic, null);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(keys);
        }
    }

    /// <summary>The acknowledgement of a received frame. Only <c>Ok</c> is authenticated: only it claims something.</summary>
    /// <exception cref="ArgumentException"><c>Ok</c> for a frame that is not from a peer to this party.</exception>
    public byte[] SealAck(FrameHeader received, AckReason reason)
    {
        if (reason != AckReason.Ok)
        {
            return Refusal(reason, received.Sequence);
        }

        if (received.To != Party || !IsPeer(received.From))
        {
            throw new ArgumentException(
                $"Party {Party} cannot acknowledge a frame from {received.From} to {received.To}.", nameof(received));
        }

        byte[] ack = Refusal(reason, received.Sequence);
        Span<byte> keys = stackalloc byte[LinkKeys.Bytes];
        _inbound[received.From].CopyKeys(received.Session, keys);
        AckTag(keys[LinkKeys.KeyBytes..], ack.AsSpan(0, AckPrefix), received, ack.AsSpan(AckPrefix));
        CryptographicOperations.ZeroMemory(keys);
        return ack;
    }

    /// <summary>A refusal, with a tag of zeros: for frames whose header cannot be read, and for every other refusal too.</summary>
    public static byte[] Refusal(AckReason reason, ulong sequence = NoSequence)
    {
        byte[] ack = new byte[AckSize];
        AckMagic.CopyTo(ack);
        ack[4] = AckVersion;
        ack[5] = (byte)reason;
        BinaryPrimitives.WriteUInt64BigEndian(ack.AsSpan(6), sequence);
        return ack;
    }

    /// <summary>
    /// The sequence of the frame that an acknowledgement is of, by which one of many under way is found; not yet authenticated.
    /// <see cref="NoSequence"/> when the receiver could not tell.
    /// </summary>
    /// <exception cref="WireException">It is no acknowledgement.</exception>
    public static ulong AckSequence(ReadOnlySpan<byte> ack)
    {
        CheckAck(ack, 0);
        return BinaryPrimitives.ReadUInt64BigEndian(ack[6..]);
    }

    /// <summary>
    /// Reads the acknowledgement of a frame that this session sent. A refusal is believed as it stands: whoever can put one on
    /// the line could also cut the line.
    /// </summary>
    /// <exception cref="WireException">It is no acknowledgement, or says <c>Ok</c> without being from the receiver.</exception>
    /// <exception cref="ArgumentException">The frame is not of this session.</exception>
    public AckReason OpenAck(ReadOnlySpan<byte> ack, FrameHeader sent)
    {
        if (sent.From != Party || sent.Session != Session || !IsPeer(sent.To))
        {
            throw new ArgumentException("The frame is not one of this session's.", nameof(sent));
        }

        CheckAck(ack, sent.To);
        ulong sequence = BinaryPrimitives.ReadUInt64BigEndian(ack[6..]);
        if (sequence != sent.Sequence && sequence != NoSequence)
        {
            throw new WireException(
                AckReason.BadFrame, $"Party {sent.To} acknowledged frame {sequence} where frame {sent.Sequence} was sent; the connection is out of step.");
        }

        if (ack[5] != (byte)AckReason.Ok)
        {
            return (AckReason)ack[5];
        }

        Span<byte> keys = stackalloc byte[LinkKeys.Bytes];
        _outbound[sent.To].Keys.CopyTo(keys);
        Span<byte> tag = stackalloc byte[AckSize - AckPrefix];
        AckTag(keys[LinkKeys.KeyBytes..], ack[..AckPrefix], sent, tag);
        CryptographicOperations.ZeroMemory(keys);
        return CryptographicOperations.FixedTimeEquals(tag, ack[AckPrefix..])
            ? AckReason.Ok
            : throw new WireException(
                AckReason.Unauthentic,
                $"Something answered OK in the name of party {sent.To} without its key; take the frame as not delivered.");
    }

    /// <summary>Zeroes the session's keys.</summary>
    public void Dispose()
    {
        for (int peer = 1; peer <= 3; peer++)
        {
            _outbound[peer]?.Keys.Dispose();
            _inbound[peer]?.Dispose();
        }
    }

    /// <summary>HMAC-SHA256(acknowledgement key, the acknowledgement's first 14 bytes || the frame's header), its first 16 bytes.</summary>
    private static void AckTag(ReadOnlySpan<byte> key, ReadOnlySpan<byte> prefix, FrameHeader header, Span<byte> tag)
    {
        Span<byte> message = stackalloc byte[AckPrefix + FrameHeader.Size];
        prefix.CopyTo(message);
        header.Write(message[AckPrefix..]);
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, message, mac);
        mac[..tag.Length].CopyTo(tag);
    }

    private static void CheckAck(ReadOnlySpan<byte> ack, int from)
    {
        if (ack.Length != AckSize || !ack[..4].SequenceEqual(AckMagic) || ack[4] != AckVersion || ack[5] > (byte)AckReason.Stopping)
        {
            string who = from == 0 ? "a peer" : $"party {from}";
            throw new WireException(
                AckReason.BadFrame,
                $"What {who} answered is no acknowledgement of version {AckVersion} ({ack.Length} bytes); look at what listens on its exchange port, and run the same release everywhere.");
        }
    }

    private static void WriteNonce(ulong sequence, Span<byte> nonce)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(nonce[4..], sequence);
    }

    private static Guid NewSession(long unixMilliseconds)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(unixMilliseconds);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(unixMilliseconds, 1L << 48);
        Span<byte> session = stackalloc byte[16];
        RandomNumberGenerator.Fill(session);
        Span<byte> time = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(time, unixMilliseconds);
        time[2..].CopyTo(session);
        return new Guid(session, bigEndian: true);
    }

    private bool IsPeer(int party) => party is >= 1 and <= 3 && party != Party;

    private sealed class OutboundLink(Secret keys)
    {
        private long _sequence = -1;

        public Secret Keys { get; } = keys;

        public ulong NextSequence() => (ulong)Interlocked.Increment(ref _sequence);
    }
}
