namespace Trident.Protocol.Field;

/// <summary>How wide a vector a kernel uses. Every width gives the same result; the narrower ones exist for older machines.</summary>
internal enum LaneWidth
{
    /// <summary>One 64-bit register holding two words.</summary>
    Scalar = 64,

    /// <summary>128-bit vectors.</summary>
    Bits128 = 128,

    /// <summary>256-bit vectors.</summary>
    Bits256 = 256,

    /// <summary>512-bit vectors.</summary>
    Bits512 = 512,
}

/// <summary>
/// The few operations that the field's loops need, so that one loop serves every vector width.
/// </summary>
/// <remarks>
/// A value of T is seen either as <see cref="Words"/> 32-bit words or as half as many 64-bit lanes. The words at even places are the
/// low halves of the lanes; <see cref="High"/> moves the odd ones there. So products need no shuffling: even and odd words are
/// multiplied separately and put together again by <see cref="Canonical"/>.
/// </remarks>
internal unsafe interface ILanes<T>
    where T : unmanaged, ILanes<T>
{
    /// <summary>How many 32-bit words one value holds.</summary>
    static abstract int Words { get; }

    static abstract T Broadcast(uint word);

    static abstract T Load(void* from);

    static abstract void Store(T value, void* to);

    /// <summary>Adds 64-bit lanes.</summary>
    static abstract T AddLanes(T a, T b);

    /// <summary>Low halves of the 64-bit lanes multiplied to full 64-bit products.</summary>
    static abstract T Multiply(T a, T b);

    /// <summary>Each 64-bit lane's high half moved to its low half.</summary>
    static abstract T High(T a);

    /// <summary>Each 64-bit lane x replaced with (x and p) + (x shifted right by 31).</summary>
    static abstract T Fold(T a);

    /// <summary>Even and odd lanes that were folded twice, interleaved to words below p.</summary>
    static abstract T Canonical(T even, T odd);

    /// <summary>Word-wise a + b mod p.</summary>
    static abstract T AddMod(T a, T b);

    /// <summary>Word-wise a − b mod p.</summary>
    static abstract T SubMod(T a, T b);

    static abstract T Or(T a, T b);

    static abstract T Xor(T a, T b);

    /// <summary>All ones in words that are p or more, zero in the others.</summary>
    static abstract T NotBelowP(T a);

    static abstract bool IsZero(T a);
}

