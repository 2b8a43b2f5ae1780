using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Trident.Protocol.Field;

/// <summary>512-bit lanes.</summary>
internal readonly unsafe struct Lanes512(Vector512<uint> v) : ILanes<Lanes512>
{
    private readonly Vector512<uint> v = v;

    public static int Words => 16;

    private static Vector512<uint> P => Vector512.Create(Mersenne31.P);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Broadcast(uint word) => new(Vector512.Create(word));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(void* from) => new(Vector512.Load((uint*)from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes512 value, void* to) => value.v.Store((uint*)to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 AddLanes(Lanes512 a, Lanes512 b) => new((a.v.AsUInt64() + b.v.AsUInt64()).AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Multiply(Lanes512 a, Lanes512 b)
    {
        if (Avx512F.IsSupported)
        {
            return new(Avx512F.Multiply(a.v, b.v).AsUInt32());
        }

        Vector512<ulong> low = Vector512.Create((ulong)uint.MaxValue);
        return new(((a.v.AsUInt64() & low) * (b.v.AsUInt64() & low)).AsUInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 High(Lanes512 a) => new((a.v.AsUInt64() >> 32).AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Fold(Lanes512 a)
    {
        Vector512<ulong> x = a.v.AsUInt64();
        return new(((x & Vector512.Create((ulong)Mersenne31.P)) + (x >> 31)).AsUInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Canonical(Lanes512 even, Lanes512 odd)
    {
        Vector512<uint> x = even.v | (odd.v.AsUInt64() << 32).AsUInt32();
        return new(Vector512.Min(x, x - P));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 AddMod(Lanes512 a, Lanes512 b)
    {
        // Of the sum and the sum less p, the one that did not wrap below zero is the smaller.
        Vector512<uint> x = a.v + b.v;
        return new(Vector512.Min(x, x - P));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 SubMod(Lanes512 a, Lanes512 b)
    {
        Vector512<uint> x = a.v - b.v;
        return new(Vector512.Min(x, x + P));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Or(Lanes512 a, Lanes512 b) => new(a.v | b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Xor(Lanes512 a, Lanes512 b) => new(a.v ^ b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 NotBelowP(Lanes512 a) => new(Vector512.GreaterThanOrEqual(a.v, P));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsZero(Lanes512 a) => a.v == Vector512<uint>.Zero;
}
