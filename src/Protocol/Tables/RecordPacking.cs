namespace Trident.Protocol.Tables;

/// <summary>
/// A record is bytes, not numbers: 30 bits to a field word, so that any word is below p = 2^31 - 1 and every byte comes back
/// exactly, whatever the bytes mean. The record is read as one little endian bit string; word w holds its bits 30w to 30w+29,
/// and the bits past the end of the record are zero.
/// </summary>
public static class RecordPacking
{
    /// <summary>Payload bits of one field word.</summary>
    public const int BitsPerWord = 30;

    private const uint WordLimit = 1u << BitsPerWord;

    /// <summary>Words that a record of so many bytes needs.</summary>
    public static int WordsFor(int bytes) => (int)(((long)bytes * 8 + BitsPerWord - 1) / BitsPerWord);

    /// <summary>Packs one record.</summary>
    /// <param name="record">The bytes of the record.</param>
    /// <param name="words">Exactly <see cref="WordsFor"/> words; each written below 2^30.</param>
    /// <exception cref="ArgumentException">The spans do not fit together.</exception>
    public static void Pack(ReadOnlySpan<byte> record, Span<uint> words)
    {
        CheckLengths(record.Length, words.Length);
        ulong pending = 0;
        int bits = 0, at = 0;
        foreach (byte b in record)
        {
            pending |= (ulong)b << bits;
            bits += 8;
            if (bits >= BitsPerWord)
            {
                words[at++] = (uint)pending & (WordLimit - 1);
                pending >>= BitsPerWord;
                bits -= BitsPerWord;
            }
        }

        if (bits > 0)
        {
            words[at] = (uint)pending;
        }
    }

    /// <summary>Unpacks one record. The inverse of <see cref="Pack"/>.</summary>
    /// <param name="words">Exactly <see cref="WordsFor"/> words.</param>
    /// <param name="record">Receives the bytes; left zeroed when the words are refused.</param>
    /// <exception cref="ArgumentException">The spans do not fit together.</exception>
    /// <exception cref="TableException">A word is 2^30 or more, or a bit past the end of the record is set: not a packed record.</exception>
    public static void Unpack(ReadOnlySpan<uint> words, Span<byte> record)
    {
        CheckLengths(record.Length, words.Length);

        // Words are the client's secret: all are looked at, whichever is wrong.
        uint seen = 0;
        ulong pending = 0;
        int bits = 0, at = 0;
        foreach (uint word in words)
        {
            seen |= word;
            pending |= (ulong)(word & (WordLimit - 1)) << bits;
            bits += BitsPerWord;
            while (bits >= 8 && at < record.Length)
            {
                record[at++] = (byte)pending;
                pending >>= 8;
                bits -= 8;
            }
        }

        if (seen >= WordLimit || pending != 0)
        {
            record.Clear();
            throw new TableException(seen >= WordLimit
                ? "The words are not a packed record: a word is 2^30 or more. The answer or the share it came from is damaged."
                : "The words are not a packed record: bits past the end of the record are set. "
                    + "The answer or the share it came from is damaged.");
        }
    }

    private static void CheckLengths(int bytes, int words)
    {
        if (words != WordsFor(bytes))
        {
            throw new ArgumentException($"A record of {bytes} bytes packs into {WordsFor(bytes)} words, not {words}.");
        }
    }
}
