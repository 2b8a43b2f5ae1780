using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using AesNi = System.Runtime.Intrinsics.X86.Aes;
using Sse2 = System.Runtime.Intrinsics.X86.Sse2;

namespace Trident.Protocol.Sharing;

/// <summary>
/// The block cipher AES-128 (FIPS 197) on whole blocks, encrypting only: the pseudo-random function beneath <see cref="PrssStream"/>.
/// Uses the processor's AES instructions with eight blocks in flight, or the platform's library where there are none.
/// Concurrent calls are safe.
/// </summary>
public sealed unsafe class Aes128 : IDisposable
{
    /// <summary>Length of a block and of a key in bytes.</summary>
    public const int BlockBytes = 16;

    private readonly Vector128<byte>[] roundKeys = [];
    private readonly Aes? library;
    private bool disposed;

    /// <summary>Expands a 16-byte key.</summary>
    /// <exception cref="ArgumentException">The key does not have 16 bytes.</exception>
    public Aes128(ReadOnlySpan<byte> key)
        : this(key, !AesNi.IsSupported)
    {
    }

    internal Aes128(ReadOnlySpan<byte> key, bool useLibrary)
    {
        if (key.Length != BlockBytes)
        {
            throw new ArgumentException($"An AES-128 key has {BlockBytes} bytes, not {key.Length}.", nameof(key));
        }

        if (useLibrary)
        {
            library = Aes.Create();
            library.SetKey(key);
        }
        else
        {
            // Pinned, so that no copy is left behind by the collector when the keys are zeroed.
            roundKeys = GC.AllocateArray<Vector128<byte>>(11, pinned: true);
            ExpandKey(key, roundKeys);
        }
    }

    /// <summary>Encrypts blocks in place, each on its own (the caller's blocks are counters).</summary>
    /// <exception cref="ArgumentException">The length is not a multiple of 16 bytes.</exception>
    public void Encrypt(Span<byte> blocks)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (blocks.Length % BlockBytes != 0)
        {
            throw new ArgumentException($"AES encrypts whole blocks of {BlockBytes} bytes; {blocks.Length} bytes are not whole blocks.");
        }

        if (library is not null)
        {
            // One instance of the library's class must not be used by two threads at once.
            lock (library)
            {
                library.EncryptEcb(blocks, blocks, PaddingMode.None);
            }

            return;
        }

        fixed (byte* p = blocks)
        fixed (Vector128<byte>* k = roundKeys)
        {
            EncryptWithInstructions(p, blocks.Length / BlockBytes, k);
        }
    }

    /// <summary>Zeroes the round keys.</summary>
    public void Dispose()
    {
        disposed = true;
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(roundKeys.AsSpan()));
        library?.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void EncryptWithInstructions(byte* p, int count, Vector128<byte>* k)
    {
        Vector128<byte> k0 = k[0], k10 = k[10];
        int i = 0;
        for (; i <= count - 8; i += 8, p += 8 * BlockBytes)
        {
            Vector128<byte> a = Vector128.Load(p) ^ k0, b = Vector128.Load(p + 16) ^ k0;
            Vector128<byte> c = Vector128.Load(p + 32) ^ k0, d = Vector128.Load(p + 48) ^ k0;
            Vector128<byte> e = Vector128.Load(p + 64) ^ k0, f = Vector128.Load(p + 80) ^ k0;
            Vector128<byte> g = Vector128.Load(p + 96) ^ k0, h = Vector128.Load(p + 112) ^ k0;
            for (int round = 1; round < 10; round++)
            {
                Vector128<byte> key = k[round];
                a = AesNi.Encrypt(a, key);
                b = AesNi.Encrypt(b, key);
                c = AesNi.Encrypt(c, key);
                d = AesNi.Encrypt(d, key);
                e = AesNi.Encrypt(e, key);
                f = AesNi.Encrypt(f, key);
                g = AesNi.Encrypt(g, key);
                h = AesNi.Encrypt(h, key);
            }

            AesNi.EncryptLast(a, k10).Store(p);
            AesNi.EncryptLast(b, k10).Store(p + 16);
            AesNi.EncryptLast(c, k10).Store(p + 32);
            AesNi.EncryptLast(d, k10).Store(p + 48);
            AesNi.EncryptLast(e, k10).Store(p + 64);
            AesNi.EncryptLast(f, k10).Store(p + 80);
            AesNi.EncryptLast(g, k10).Store(p + 96);
            AesNi.EncryptLast(h, k10).Store(p + 112);
        }

        for (; i < count; i++, p += BlockBytes)
        {
            Vector128<byte> a = Vector128.Load(p) ^ k0;
            for (int round = 1; round < 10; round++)
            {
                a = AesNi.Encrypt(a, k[round]);
            }

            AesNi.EncryptLast(a, k10).Store(p);
        }
    }

    /// <summary>The key schedule of FIPS 197 in AES-NI, eleven round keys; the round constants must be literals.</summary>
    internal static void ExpandKey(ReadOnlySpan<byte> key, Span<Vector128<byte>> rounds)
    {
        rounds[0] = Vector128.Create(key);
        rounds[1] = Next(rounds[0], AesNi.KeygenAssist(rounds[0], 0x01));
        rounds[2] = Next(rounds[1], AesNi.KeygenAssist(rounds[1], 0x02));
        rounds[3] = Next(rounds[2], AesNi.KeygenAssist(rounds[2], 0x04));
        rounds[4] = Next(rounds[3], AesNi.KeygenAssist(rounds[3], 0x08));
        rounds[5] = Next(rounds[4], AesNi.KeygenAssist(rounds[4], 0x10));
        rounds[6] = Next(rounds[5], AesNi.KeygenAssist(rounds[5], 0x20));
        rounds[7] = Next(rounds[6], AesNi.KeygenAssist(rounds[6], 0x40));
        rounds[8] = Next(rounds[7], AesNi.KeygenAssist(rounds[7], 0x80));
        rounds[9] = Next(rounds[8], AesNi.KeygenAssist(rounds[8], 0x1b));
        rounds[10] = Next(rounds[9], AesNi.KeygenAssist(rounds[9], 0x36));
    }

    private static Vector128<byte> Next(Vector128<byte> key, Vector128<byte> assist)
    {
        key ^= Sse2.ShiftLeftLogical128BitLane(key, 4);
        key ^= Sse2.ShiftLeftLogical128BitLane(key, 8);
        return key ^ Sse2.Shuffle(assist.AsUInt32(), 0xff).AsByte();
    }
}
