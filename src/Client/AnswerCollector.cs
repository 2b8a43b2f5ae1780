using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Trident.Abstractions;
using Trident.Protocol.Field;
using Trident.Protocol.Sealing;

namespace Trident.Client;

/// <summary>Brings one party's answer share together: its first part came with the answer, the others are asked for.</summary>
internal static class AnswerCollector
{
    /// <summary>Parts that are asked for at once: while one is on its way, the next is being sealed.</summary>
    private const int AtOnce = 2;

    /// <summary>The share as field words; or why the party gave no further part.</summary>
    /// <exception cref="AnswerCheckException">It has another length, or a word that is no field element.</exception>
    /// <exception cref="SealingException">A part does not open.</exception>
    public static async Task<(uint[]? Share, QueryFailure? Refusal)> CollectAsync(
        Party party, SealedQuery query, QueryAnswer answer, ClientSeal seal, int words, CancellationToken cancellationToken)
    {
        int parts = QueryAnswer.PartsOf(words);
        if (answer.Parts != parts)
        {
            throw new SealingException($"It comes in {answer.Parts} parts where {parts} belong.");
        }

        AnswerParts opening = query.OpenParts(party.Number, seal, parts, answer.AllAgreed);
        uint[] share = new uint[words];
        bool good = false;
        try
        {
            Open(party.Number, opening, 0, answer.Sealed, share);
            int next = 1;
            QueryFailure? refusal = null;

            // The first that fails ends the others: nobody waits for them.
            using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task[] workers = [.. Enumerable.Range(0, Math.Min(AtOnce, parts - 1)).Select(_ => WorkAsync())];
            await Task.WhenAll(workers);
            if (refusal is not null)
            {
                return (null, refusal);
            }

            if (!opening.IsComplete)
            {
                throw new SealingException($"Party {party.Number}'s answer has parts that did not come.");
            }

            if (!FieldVector.AllBelowP(share))
            {
                throw new AnswerCheckException("answer range",
                    $"Party {party.Number} sent an answer with a word that is not below 2^31 - 1; it lies or is broken. Check that party's silo.");
            }

            good = true;
            return (share, null);

            async Task WorkAsync()
            {
                try
                {
                    for (int part = Interlocked.Increment(ref next) - 1; part < parts; part = Interlocked.Increment(ref next) - 1)
                    {
                        QueryPart taken = await party.Link.PartAsync(query.Id, part, end.Token).WaitAsync(end.Token);
                        if (taken.Failure is not null)
                        {
                            Interlocked.CompareExchange(ref refusal, taken.Failure, null);
                            await end.CancelAsync();
                            return;
                        }

                        Open(party.Number, opening, part, taken.Sealed, share);
                    }
                }
                catch (OperationCanceledException) when (Volatile.Read(ref refusal) is not null)
                {
                    // The other one has the reason.
                }
                catch
                {
                    await end.CancelAsync();
                    throw;
                }
            }
        }
        finally
        {
            if (!good)
            {
                CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(share.AsSpan()));
            }
        }
    }

    private static void Open(int party, AnswerParts opening, int part, byte[] sealedPart, uint[] share)
    {
        (int first, int count) = QueryAnswer.PartRange(part, share.Length);
        Span<byte> into = MemoryMarshal.AsBytes(share.AsSpan(first, count));
        int bytes = sealedPart.Length - AnswerParts.Overhead;
        if (bytes >= 0 && bytes != into.Length)
        {
            // If it does not open, whoever carried it may have cut it; if it does, the party sent it so.
            opening.Open(part, sealedPart, new byte[bytes]);
            throw new AnswerCheckException("answer length",
                $"Party {party} sent an answer of {bytes} bytes where {into.Length} belong; it lies or is broken. Check that party's silo.");
        }

        opening.Open(part, sealedPart, into);
    }
}
