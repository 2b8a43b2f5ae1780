using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Trident.Protocol.Field;

/// <summary>256-bit lanes.</summary>
internal readonly unsafe struct Lanes256(Vector256<uint> v) : ILanes<Lanes256>
{
    private readonly Vector256<uint> v = v;

    public static int Words => 8;

    private static Vector256<uint> P => Vector256.Create(Mersenne31.P);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Broadcast(uint word) => new(Vector256.Create(word));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(void* from) => new(Vector256.Load((uint*)from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes256 value, void* to) => value.v.Store((uint*)to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 AddLanes(Lanes256 a, Lanes256 b) => new((a.v.AsUInt64() + b.v.AsUInt64()).AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Multiply(Lanes256 a, Lanes256 b)
    {
        if (Avx2.IsSupported)
        {
            return new(Avx2.Multiply(a.v, b.v).AsUInt32());
        }

        Vector256<ulong> low = Vector256.Create((ulong)uint.MaxValue);
        return new(((a.v.AsUInt64() & low) * (b.v.AsUInt64() & low)).AsUInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 High(Lanes256 a) => new((a.v.AsUInt64() >> 32).AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Fold(Lanes256 a)
    {
        Vector256<ulong> x = a.v.AsUInt64();
        return new(((x & Vector256.Create((ulong)Mersenne31.P)) + (x >> 31)).AsUInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Canonical(Lanes256 even, Lanes256 odd)
    {
        Vector256<uint> x = even.v | (odd.v.AsUInt64() << 32).AsUInt32();
        return new(Vector256.Min(x, x - P));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 AddMod(Lanes256 a, Lanes256 b)
    {
        // Of the sum and the sum less p, the one that did not wrap below zero is the smaller.
        Vector256<uint> x = a.v + b.v;
        return new(Vector256.Min(x, x - P));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 SubMod(Lanes256 a, Lanes256 b)
    {
        Vector256<uint> x = a.v - b.v;
        return new(Vector256.Min(x, x + P));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Or(Lanes256 a, Lanes256 b) => new(a.v | b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Xor(Lanes256 a, Lanes256 b) => new(a.v ^ b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 NotBelowP(Lanes256 a) => new(Vector256.GreaterThanOrEqual(a.v, P));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsZero(Lanes256 a) => a.v == Vector256<uint>.Zero;
}
