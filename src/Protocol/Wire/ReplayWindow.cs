namespace Trident.Protocol.Wire;

/// <summary>Which of the last 65,536 sequence numbers of a session came already. What is older counts as seen.</summary>
internal sealed class ReplayWindow
{
    private const int Size = 65_536;
    private readonly ulong[] _seen = new ulong[Size / 64];
    private ulong _highest;
    private bool _any;

    /// <summary>Notes a number; false when it was noted before, or is too old to tell.</summary>
    public bool TryNote(ulong sequence)
    {
        if (!_any || sequence > _highest)
        {
            ulong from = _any ? _highest + 1 : sequence;
            if (!_any || sequence - _highest >= Size)
            {
                Array.Clear(_seen);
            }
            else
            {
                for (ulong s = from; s < sequence; s++)
                {
                    _seen[s % Size / 64] &= ~(1UL << (int)(s % 64));
                }
            }

            (_highest, _any) = (sequence, true);
            _seen[sequence % Size / 64] |= 1UL << (int)(sequence % 64);
            return true;
        }

        if (_highest - sequence >= Size)
        {
            return false;
        }

        ref ulong word = ref _seen[sequence % Size / 64];
        ulong bit = 1UL << (int)(sequence % 64);
        bool fresh = (word & bit) == 0;
        word |= bit;
        return fresh;
    }
}
