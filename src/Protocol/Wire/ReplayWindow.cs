namespace Trident.Protocol.Wire;

/// <summary>
/// Which of a session's last 65,536 sequences came already. A ring of twice as many bits is cleared a word at a time as the
/// top moves (RFC 6479). Not thread-safe.
/// </summary>
internal sealed class ReplayWindow
{
    /// <summary>How far behind the highest sequence a frame may come.</summary>
    public const int Size = 65_536;

    private const int Words = 2 * Size / 64;

    private readonly ulong[] _seen = new ulong[Words];
    private ulong _top;

    /// <summary>Whether the sequence is within the window and did not come yet.</summary>
    public bool Accepts(ulong sequence) =>
        sequence > _top || (_top - sequence < Size && (_seen[Word(sequence)] & Bit(sequence)) == 0);

    /// <summary>Records a sequence that <see cref="Accepts"/> accepts.</summary>
    public void Mark(ulong sequence)
    {
        if (sequence > _top)
        {
            ulong words = Math.Min((sequence / 64) - (_top / 64), Words);
            for (ulong w = 1; w <= words; w++)
            {
                _seen[((_top / 64) + w) % Words] = 0;
            }

            _top = sequence;
        }

        _seen[Word(sequence)] |= Bit(sequence);
    }

    private static int Word(ulong sequence) => (int)(sequence / 64 % Words);

    private static ulong Bit(ulong sequence) => 1UL << (int)(sequence % 64);
}
