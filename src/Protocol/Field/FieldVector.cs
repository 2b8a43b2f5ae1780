using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Trident.Protocol.Field;

/// <summary>
/// Element-wise operations on vectors over the field. Operands hold words below p and have equal lengths; a result may be the same
/// span as an operand (but not a shifted overlap of it).
/// </summary>
public static unsafe class FieldVector
{
    /// <summary>The widest vectors that this machine executes directly.</summary>
    internal static LaneWidth Widest =>
        Vector512.IsHardwareAccelerated ? LaneWidth.Bits512
        : Vector256.IsHardwareAccelerated ? LaneWidth.Bits256
        : Vector128.IsHardwareAccelerated ? LaneWidth.Bits128
        : LaneWidth.Scalar;

    /// <summary>r = a + b.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Add(ReadOnlySpan<uint> a, ReadOnlySpan<uint> b, Span<uint> r) => Apply(Operation.Add, a, 1, b, 1, r, Widest);

    /// <summary>r = a − b.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Sub(ReadOnlySpan<uint> a, ReadOnlySpan<uint> b, Span<uint> r) => Apply(Operation.Sub, a, 1, b, 1, r, Widest);

    /// <summary>r = s · a.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Scale(ReadOnlySpan<uint> a, uint s, Span<uint> r) => Apply(Operation.Combine, a, s, a, 0, r, Widest);

    /// <summary>accumulate += s · a.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void AddScaled(ReadOnlySpan<uint> a, uint s, Span<uint> accumulate) =>
        Apply(Operation.Combine, a, s, accumulate, 1, accumulate, Widest);

    /// <summary>r = s · a + t · b.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Combine(ReadOnlySpan<uint> a, uint s, ReadOnlySpan<uint> b, uint t, Span<uint> r) =>
        Apply(Operation.Combine, a, s, b, t, r, Widest);

    /// <summary>Whether every word is a field element. Looks at every word, whatever it finds.</summary>
    public static bool AllBelowP(ReadOnlySpan<uint> words) => AllBelowP(words, Widest);

    /// <summary>Whether y1 − 2·y2 + y3 is zero everywhere and no word has its top bit set. Looks at every position.</summary>
    internal static bool SecondDifferenceIsZero(ReadOnlySpan<uint> y1, ReadOnlySpan<uint> y2, ReadOnlySpan<uint> y3, LaneWidth width)
    {
        RequireEqual(y1.Length, y2.Length, y3.Length);
        fixed (uint* p1 = y1, p2 = y2, p3 = y3)
        {
            bool zero = true;
            int done = 0;
            if (width >= LaneWidth.Bits512)
            {
                zero &= DifferenceLoop<Lanes512>(p1, p2, p3, y1.Length, ref done);
            }

            if (width >= LaneWidth.Bits256)
            {
                zero &= DifferenceLoop<Lanes256>(p1, p2, p3, y1.Length, ref done);
            }

            if (width >= LaneWidth.Bits128)
            {
                zero &= DifferenceLoop<Lanes128>(p1, p2, p3, y1.Length, ref done);
            }

            zero &= DifferenceLoop<Lanes64>(p1, p2, p3, y1.Length, ref done);
            if (done < y1.Length)
            {
                uint a = p1[done], b = p2[done], c = p3[done];
                zero &= (Mersenne31.Add(a, c) ^ Mersenne31.Add(b, b) | (a | b | c) >> 31) == 0;
            }

            return zero;
        }
    }

    internal static bool AllBelowP(ReadOnlySpan<uint> words, LaneWidth width)
    {
        fixed (uint* p = words)
        {
            bool below = true;
            int done = 0;
            if (width >= LaneWidth.Bits512)
            {
                below &= BelowLoop<Lanes512>(p, words.Length, ref done);
            }

            if (width >= LaneWidth.Bits256)
            {
                below &= BelowLoop<Lanes256>(p, words.Length, ref done);
            }

            if (width >= LaneWidth.Bits128)
            {
                below &= BelowLoop<Lanes128>(p, words.Length, ref done);
            }

            below &= BelowLoop<Lanes64>(p, words.Length, ref done);
            return below & (done == words.Length || p[done] < Mersenne31.P);
        }
    }

    internal enum Operation
    {
        Add,
        Sub,
        Combine,
    }

    /// <summary>r = a + b, a − b or s·a + t·b, at a chosen width. A width takes whole vectors and leaves its tail to the next one.</summary>
    internal static void Apply(
        Operation operation, ReadOnlySpan<uint> a, uint s, ReadOnlySpan<uint> b, uint t, Span<uint> r, LaneWidth width)
    {
        RequireEqual(a.Length, b.Length, r.Length);
        fixed (uint* pa = a, pb = b, pr = r)
        {
            int done = 0;
            if (width >= LaneWidth.Bits512)
            {
                Loop<Lanes512>(operation, pa, s, pb, t, pr, r.Length, ref done);
            }

            if (width >= LaneWidth.Bits256)
            {
                Loop<Lanes256>(operation, pa, s, pb, t, pr, r.Length, ref done);
            }

            if (width >= LaneWidth.Bits128)
            {
                Loop<Lanes128>(operation, pa, s, pb, t, pr, r.Length, ref done);
            }

            Loop<Lanes64>(operation, pa, s, pb, t, pr, r.Length, ref done);
            if (done < r.Length)
            {
                pr[done] = operation switch
                {
                    Operation.Add => Mersenne31.Add(pa[done], pb[done]),
                    Operation.Sub => Mersenne31.Sub(pa[done], pb[done]),
                    _ => Mersenne31.Reduce((ulong)pa[done] * s + (ulong)pb[done] * t),
                };
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Loop<T>(Operation operation, uint* a, uint s, uint* b, uint t, uint* r, int length, ref int done)
        where T : unmanaged, ILanes<T>
    {
        int i = done;
        if (operation == Operation.Add)
        {
            for (; i <= length - T.Words; i += T.Words)
            {
                T.Store(T.AddMod(T.Load(a + i), T.Load(b + i)), r + i);
            }
        }
        else if (operation == Operation.Sub)
        {
            for (; i <= length - T.Words; i += T.Words)
            {
                T.Store(T.SubMod(T.Load(a + i), T.Load(b + i)), r + i);
            }
        }
        else
        {
            T vs = T.Broadcast(s), vt = T.Broadcast(t);
            for (; i <= length - T.Words; i += T.Words)
            {
                T x = T.Load(a + i), y = T.Load(b + i);
                T even = T.AddLanes(T.Multiply(x, vs), T.Multiply(y, vt));
                T odd = T.AddLanes(T.Multiply(T.High(x), vs), T.Multiply(T.High(y), vt));
                T.Store(T.Canonical(T.Fold(T.Fold(even)), T.Fold(T.Fold(odd))), r + i);
            }
        }

        done = i;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool DifferenceLoop<T>(uint* y1, uint* y2, uint* y3, int length, ref int done)
        where T : unmanaged, ILanes<T>
    {
        T off = T.Broadcast(0);
        T high = off;
        int i = done;
        for (; i <= length - T.Words; i += T.Words)
        {
            T a = T.Load(y1 + i), b = T.Load(y2 + i), c = T.Load(y3 + i);
            off = T.Or(off, T.Xor(T.AddMod(a, c), T.AddMod(b, b)));

            // A word of 2^31 or more is no element and could wrap the sums; p itself is merely another name of zero.
            high = T.Or(high, T.Or(a, T.Or(b, c)));
        }

        done = i;
        return T.IsZero(off) & T.IsZero(TopBits(high));
    }

    // Words whose top bit is set; p is the largest word without it, so x | p is above p exactly for those.
    private static T TopBits<T>(T words)
        where T : unmanaged, ILanes<T>
    {
        T p = T.Broadcast(Mersenne31.P);
        return T.Xor(T.Or(words, p), p);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool BelowLoop<T>(uint* words, int length, ref int done)
        where T : unmanaged, ILanes<T>
    {
        T bad = T.Broadcast(0);
        int i = done;
        for (; i <= length - T.Words; i += T.Words)
        {
            bad = T.Or(bad, T.NotBelowP(T.Load(words + i)));
        }

        done = i;
        return T.IsZero(bad);
    }

    private static void RequireEqual(int a, int b, int c)
    {
        if (a != b || a != c)
        {
            throw new ArgumentException($"Vectors of one length are needed; these have {a}, {b} and {c} words.");
        }
    }
}
