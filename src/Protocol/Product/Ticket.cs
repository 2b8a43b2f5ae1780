using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Trident.Protocol.Product;

/// <summary>The id of a batch of stock: 32 bytes, a hash over a fresh nonce from each party.</summary>
public readonly struct BatchId : IEquatable<BatchId>
{
    private readonly ulong _a, _b, _c, _d;

    /// <summary>Reads 32 bytes.</summary>
    public BatchId(ReadOnlySpan<byte> bytes)
    {
        _a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _c = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        _d = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    /// <summary>The 32 bytes.</summary>
    public byte[] ToArray()
    {
        byte[] bytes = new byte[32];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, _a);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), _b);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(16), _c);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(24), _d);
        return bytes;
    }

    /// <inheritdoc/>
    public bool Equals(BatchId other) => _a == other._a && _b == other._b && _c == other._c && _d == other._d;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is BatchId other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _a.GetHashCode();

    /// <summary>The first four bytes in hexadecimal: enough for a log.</summary>
    public override string ToString() => $"{_a >> 32:x8}";
}

/// <summary>Names one stock item: a batch and an index in it.</summary>
public readonly record struct Ticket(BatchId Batch, int Item);

/// <summary>How batch ids come about.</summary>
public static class BatchIds
{
    /// <summary>SHA-256 over table version, number of items, the sessions (3 × 16 bytes) and nonces (3 × 32 bytes) of the parties in order.</summary>
    public static BatchId Derive(Guid tableVersion, int items, ReadOnlySpan<byte> sessions, ReadOnlySpan<byte> nonces)
    {
        if (sessions.Length != 48 || nonces.Length != 96)
        {
            throw new ArgumentException("A batch id takes three sessions of 16 bytes and three nonces of 32.");
        }

        byte[] input = [.. "trident batch v1"u8, .. tableVersion.ToByteArray(bigEndian: true), 0, 0, 0, 0, .. sessions, .. nonces];
        BinaryPrimitives.WriteInt32LittleEndian(input.AsSpan(32), items);
        return new BatchId(SHA256.HashData(input));
    }
}
