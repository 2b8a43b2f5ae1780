using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Trident.Protocol.Field;
using Trident.Protocol.Product;
using Trident.Protocol.Tables;

namespace Trident.Client;

/// <summary>Opens the answer y from two or three parties' shares of it, and checks the third (docs/protocol.md, Answering).</summary>
internal static class AnswerOpener
{
    /// <summary>A party's share as field words.</summary>
    /// <exception cref="AnswerCheckException">It has another length, or a word that is no field element.</exception>
    public static uint[] Words(int party, ReadOnlySpan<byte> share, int words)
    {
        if (share.Length != words * sizeof(uint))
        {
            throw new AnswerCheckException("answer length",
                $"Party {party} sent an answer of {share.Length} bytes where {words * sizeof(uint)} belong; it lies or is broken. Check that party's silo.");
        }

        uint[] result = new uint[words];
        for (int i = 0; i < words; i++)
        {
            result[i] = BinaryPrimitives.ReadUInt32LittleEndian(share[(i * sizeof(uint))..]);
        }

        return FieldVector.AllBelowP(result)
            ? result
            : throw new AnswerCheckException("answer range",
                $"Party {party} sent an answer with a word that is not below 2^31 - 1; it lies or is broken. Check that party's silo.");
    }

    /// <summary>Opens the records.</summary>
    /// <param name="table">The table that was asked.</param>
    /// <param name="count">How many rows were asked for.</param>
    /// <param name="shares">The shares of parties 1 to 3, <c>count * table.Words</c> words each; one may be null. Zeroed.</param>
    /// <exception cref="AnswerCheckException">Three shares are not on one line, or what opens is not a record.</exception>
    public static byte[][] Open(TableDescription table, int count, uint[]?[] shares)
    {
        int[] present = [.. Enumerable.Range(0, 3).Where(i => shares[i] is not null)];
        uint[] y = [];
        byte[][] records = new byte[count][];
        try
        {
            y = Answering.OpenAnswer(shares[0], shares[1], shares[2]).Words;
            for (int i = 0; i < count; i++)
            {
                records[i] = new byte[table.Shape.Bytes];
                RecordPacking.Unpack(table.Shape, y.AsSpan(i * table.Words, table.Words), records[i]);
            }

            return records;
        }
        catch (OffTheLineException e)
        {
            throw new AnswerCheckException("answer line",
                $"The answers do not agree ({e.Message}): a party lies or is broken. They were thrown away; find out which party it is before asking again.");
        }
        catch (TableException e)
        {
            throw new AnswerCheckException("record",
                $"What the answers of parties {string.Join(" and ", present.Select(i => i + 1))} open to is not a record: a party lies or is broken. {e.Message}");
        }
        finally
        {
            Zero(y);
            foreach (int i in present)
            {
                Zero(shares[i]!);
            }
        }
    }

    private static void Zero(uint[] words) => CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(words.AsSpan()));
}
