namespace Trident.Protocol.Field;

/// <summary>One 64-bit register holding two words: what remains where there are no vectors, and the tail of those that exist.</summary>
internal readonly unsafe struct Lanes64(ulong v) : ILanes<Lanes64>
{
    private readonly ulong v = v;

    public static int Words => 2;

    public static Lanes64 Broadcast(uint word) => new(word | (ulong)word << 32);

    public static Lanes64 Load(void* from) => new(((uint*)from)[0] | (ulong)((uint*)from)[1] << 32);

    public static void Store(Lanes64 value, void* to)
    {
        ((uint*)to)[0] = (uint)value.v;
        ((uint*)to)[1] = (uint)(value.v >> 32);
    }

    public static Lanes64 AddLanes(Lanes64 a, Lanes64 b) => new(a.v + b.v);

    public static Lanes64 Multiply(Lanes64 a, Lanes64 b) => new((ulong)(uint)a.v * (uint)b.v);

    public static Lanes64 High(Lanes64 a) => new(a.v >> 32);

    public static Lanes64 Fold(Lanes64 a) => new(Mersenne31.Fold(a.v));

    public static Lanes64 Canonical(Lanes64 even, Lanes64 odd) =>
        Join(Mersenne31.Add((uint)even.v, 0), Mersenne31.Add((uint)odd.v, 0));

    public static Lanes64 AddMod(Lanes64 a, Lanes64 b) =>
        Join(Mersenne31.Add((uint)a.v, (uint)b.v), Mersenne31.Add((uint)(a.v >> 32), (uint)(b.v >> 32)));

    public static Lanes64 SubMod(Lanes64 a, Lanes64 b) =>
        Join(Mersenne31.Sub((uint)a.v, (uint)b.v), Mersenne31.Sub((uint)(a.v >> 32), (uint)(b.v >> 32)));

    public static Lanes64 Or(Lanes64 a, Lanes64 b) => new(a.v | b.v);

    public static Lanes64 Xor(Lanes64 a, Lanes64 b) => new(a.v ^ b.v);

    public static Lanes64 NotBelowP(Lanes64 a) => Join(NotBelowP((uint)a.v), NotBelowP((uint)(a.v >> 32)));

    public static bool IsZero(Lanes64 a) => a.v == 0;

    private static Lanes64 Join(uint low, uint high) => new(low | (ulong)high << 32);

    // x + 1 has its top bit set exactly when x is at least p, except where it wraps, which x itself covers.
    private static uint NotBelowP(uint x) => (uint)((int)(x + 1 | x) >> 31);
}
