using System.Runtime.InteropServices;
using Trident.Protocol.Field;

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

    /// <summary>Packs one record of a shape; where its elements are words they stay as they are.</summary>
    /// <param name="shape">The record's shape.</param>
    /// <param name="record">Exactly <c>shape.Bytes</c> bytes.</param>
    /// <param name="words">Exactly <c>shape.Words</c> words; each written below p.</param>
    /// <exception cref="ArgumentException">The spans do not fit the shape.</exception>
    /// <exception cref="TableException">An element that is a word is not below p.</exception>
    public static void Pack(RecordShape shape, ReadOnlySpan<byte> record, Span<uint> words)
    {
        if (shape.Element != ElementKind.Word)
        {
            Pack(record, words);
            return;
        }

        CheckWords(shape, record.Length, words.Length);
        record.CopyTo(MemoryMarshal.AsBytes(words));
        if (!FieldVector.AllBelowP(words))
        {
            throw new TableException("A word is not below p = 2^31 - 1, and is no element of the field.");
        }
    }

    /// <summary>Unpacks one record of a shape. The inverse of the packing of a shape.</summary>
    /// <param name="shape">The record's shape.</param>
    /// <param name="words">Exactly <c>shape.Words</c> words.</param>
    /// <param name="record">Exactly <c>shape.Bytes</c> bytes; left zeroed when the words are refused.</param>
    /// <exception cref="ArgumentException">The spans do not fit the shape.</exception>
    /// <exception cref="TableException">Not a record of that shape.</exception>
    public static void Unpack(RecordShape shape, ReadOnlySpan<uint> words, Span<byte> record)
    {
        if (shape.Element != ElementKind.Word)
        {
            Unpack(words, record);
            return;
        }

        CheckWords(shape, record.Length, words.Length);
        if (!FieldVector.AllBelowP(words))
        {
            record.Clear();
            throw new TableException("A word is not below p = 2^31 - 1. The answer or the share it came from is damaged.");
        }

        MemoryMarshal.AsBytes(words).CopyTo(record);
    }

    /// <summary>Packs the bytes of one record, 30 bits to a word.</summary>
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

    /// <summary>Unpacks one record's bytes. The inverse of <see cref="Pack(ReadOnlySpan{byte}, Span{uint})"/>.</summary>
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

    private static void CheckWords(RecordShape shape, int bytes, int words)
    {
        if (bytes != shape.Bytes || words != shape.Words)
        {
            throw new ArgumentException($"A record of {shape} has {shape.Bytes} bytes and {shape.Words} words, not {bytes} and {words}.");
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
