using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Trident.Protocol.Product;
using Trident.Protocol.Tables;

namespace Trident.Client;

/// <summary>Opens the answer y from two or three parties' shares of it, and checks the third (docs/protocol.md, Answering).</summary>
internal static class AnswerOpener
{
    /// <summary>Opens the words.</summary>
    /// <param name="shares">The shares of parties 1 to 3, all of one length; one may be null. Zeroed.</param>
    /// <exception cref="AnswerCheckException">Three shares are not on one line.</exception>
    public static uint[] Open(uint[]?[] shares)
    {
        try
        {
            return Answering.OpenAnswer(shares[0], shares[1], shares[2]).Words;
        }
        catch (OffTheLineException e)
        {
            throw new AnswerCheckException("answer line",
                $"The answers do not agree ({e.Message}): a party lies or is broken. They were thrown away; find out which party it is before asking again.");
        }
        finally
        {
            foreach (uint[]? share in shares)
            {
                Zero(share);
            }
        }
    }

    /// <summary>The records that opened words are.</summary>
    /// <param name="table">The table that was asked.</param>
    /// <param name="count">How many rows were asked for.</param>
    /// <param name="words"><c>count * table.Words</c> words. Zeroed.</param>
    /// <param name="parties">The parties whose answers they were opened from, for messages.</param>
    /// <exception cref="AnswerCheckException">They are not records.</exception>
    public static byte[][] Records(TableDescription table, int count, uint[] words, IEnumerable<int> parties)
    {
        byte[][] records = new byte[count][];
        try
        {
            for (int i = 0; i < count; i++)
            {
                records[i] = new byte[table.Shape.Bytes];
                RecordPacking.Unpack(table.Shape, words.AsSpan(i * table.Words, table.Words), records[i]);
            }

            return records;
        }
        catch (TableException e)
        {
            throw new AnswerCheckException("record",
                $"What the answers of parties {string.Join(" and ", parties.Order())} open to is not a record: a party lies or is broken. {e.Message}");
        }
        finally
        {
            Zero(words);
        }
    }

    private static void Zero(uint[]? words) => CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(words.AsSpan()));
}
