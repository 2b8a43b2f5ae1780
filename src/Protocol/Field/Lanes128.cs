using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Trident.Protocol.Field;

/// <summary>128-bit lanes.</summary>
internal readonly unsafe struct Lanes128(Vector128<uint> v) : ILanes<Lanes128>
{
    private readonly Vector128<uint> v = v;

    public static int Words => 4;

    private static Vector128<uint> P => Vector128.Create(Mersenne31.P);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Broadcast(uint word) => new(Vector128.Create(word));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(void* from) => new(Vector128.Load((uint*)from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes128 value, void* to) => value.v.Store((uint*)to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 AddLanes(Lanes128 a, Lanes128 b) => new((a.v.AsUInt64() + b.v.AsUInt64()).AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Multiply(Lanes128 a, Lanes128 b)
    {
        if (Sse2.IsSupported)
        {
            return new(Sse2.Multiply(a.v, b.v).AsUInt32());
        }

        Vector128<ulong> low = Vector128.Create((ulong)uint.MaxValue);
        return new(((a.v.AsUInt64() & low) * (b.v.AsUInt64() & low)).AsUInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 High(Lanes128 a) => new((a.v.AsUInt64() >> 32).AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Fold(Lanes128 a)
    {
        Vector128<ulong> x = a.v.AsUInt64();
        return new(((x & Vector128.Create((ulong)Mersenne31.P)) + (x >> 31)).AsUInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Canonical(Lanes128 even, Lanes128 odd)
    {
        Vector128<uint> x = even.v | (odd.v.AsUInt64() << 32).AsUInt32();
        return new(Vector128.Min(x, x - P));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 AddMod(Lanes128 a, Lanes128 b)
    {
        // Of the sum and the sum less p, the one that did not wrap below zero is the smaller.
        Vector128<uint> x = a.v + b.v;
        return new(Vector128.Min(x, x - P));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 SubMod(Lanes128 a, Lanes128 b)
    {
        Vector128<uint> x = a.v - b.v;
        return new(Vector128.Min(x, x + P));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Or(Lanes128 a, Lanes128 b) => new(a.v | b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Xor(Lanes128 a, Lanes128 b) => new(a.v ^ b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 NotBelowP(Lanes128 a) => new(Vector128.GreaterThanOrEqual(a.v, P));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsZero(Lanes128 a) => a.v == Vector128<uint>.Zero;
}
