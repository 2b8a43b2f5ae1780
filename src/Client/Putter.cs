using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Trident.Abstractions;
using Trident.Protocol.Sealing;
using Trident.Protocol.Sharing;
using Trident.Protocol.Tables;

namespace Trident.Client;

/// <summary>Changes rows, as the data owner: shares the new row, seals each party its part, and waits until all three have made the change.</summary>
internal sealed class Putter(TridentClientOptions options, PartiesDescriptor descriptor, PartySet parties)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);

    /// <summary>Replaces a row that is in the table.</summary>
    public async Task<long> PutAsync(TableDescription table, int row, ReadOnlyMemory<byte> record, OwnerIdentity owner, CancellationToken cancellationToken)
    {
        if (table.Product != TableDescription.BeaverProduct)
        {
            throw new PutRefusedException(PutFailureKind.NotChangeable,
                $"Table '{table.Name}' is for the product '{table.Product}' and cannot be changed while it is served. Share it with --product beaver, or share it again with --replace.");
        }

        if (record.Length != table.Shape.Bytes)
        {
            throw new ArgumentException($"A record of table '{table.Name}' has {table.Shape.Bytes} bytes, not {record.Length}.", nameof(record));
        }

        if (owner.Deployment != descriptor.Deployment)
        {
            throw new ArgumentException($"The data owner's identity is of deployment {owner.Deployment}, not of {descriptor.Deployment}.", nameof(owner));
        }

        if (descriptor.OwnerKeyBytes() is not { } named)
        {
            throw new PutRefusedException(PutFailureKind.NoOwner,
                "The deployment's parties.json names no data owner, so its tables cannot be changed; a deployment made by this version's 'init' has one.");
        }

        if (!named.AsSpan().SequenceEqual(owner.PublicKey))
        {
            throw new PutRefusedException(PutFailureKind.NotAuthentic, "The identity is not that of the data owner whom the deployment's parties.json names.");
        }

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Deadline);
        long revision = await RevisionAsync(table, limit.Token, cancellationToken);
        Guid transaction = new(RandomNumberGenerator.GetBytes(16));
        PutRequest[] requests = Seal(table, new RowChange(revision, row, []), record.Span, transaction, owner);
        (PutAnswer? Answer, string? Trouble)[] replies = await Task.WhenAll(parties.All.Select(p => CallAsync(p, requests[p.Number - 1], limit.Token)));
        return await OutcomeAsync(table, revision, replies, limit.Token, cancellationToken);
    }

    private static PutRequest[] Seal(TableDescription table, PartiesDescriptor descriptor, RowChange change, uint[][] shares, Guid transaction, OwnerIdentity owner)
    {
        PutRequest[] requests = new PutRequest[3];
        for (int p = 1; p <= 3; p++)
        {
            using ChangeSeal seal = owner.SealTo(descriptor[p]);
            requests[p - 1] = new PutRequest(table.Version, transaction, seal.Seal(change with { Words = shares[p - 1] }, table.Version, transaction));
        }

        return requests;
    }

    private PutRequest[] Seal(TableDescription table, RowChange change, ReadOnlySpan<byte> record, Guid transaction, OwnerIdentity owner)
    {
        uint[] words = new uint[table.Words];
        uint[][] shares = [new uint[table.Words], new uint[table.Words], new uint[table.Words]];
        try
        {
            RecordPacking.Pack(record, words);
            Shamir.Share(words, shares[0], shares[1], shares[2]);
            return Seal(table, descriptor, change, shares, transaction, owner);
        }
        finally
        {
            foreach (uint[] secret in (uint[][])[words, .. shares])
            {
                CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(secret.AsSpan()));
            }
        }
    }

    /// <summary>The revision that all three parties have.</summary>
    private async Task<long> RevisionAsync(TableDescription table, CancellationToken limit, CancellationToken cancellationToken)
    {
        while (true)
        {
            long?[] revisions;
            try
            {
                revisions = await RevisionsAsync(table, limit);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new DeadlineExceededException($"The parties did not tell their revisions of table '{table.Name}' within {options.Deadline.TotalSeconds:0.###} s. Nothing was changed; try again.");
            }

            if (Array.FindIndex(revisions, r => r is null) is int missing and >= 0)
            {
                throw new TooFewPartiesException($"A change needs all three parties, and party {missing + 1} {(parties.All[missing].IsUp
                    ? $"does not serve table '{table.Name}' in its present version; restart its silo"
                    : $"is down ({parties.All[missing].Health.Reason})")}. Nothing was changed.");
            }

            if (revisions.Distinct().Count() == 1)
            {
                return revisions[0]!.Value;
            }

            // Another change is being made at this moment, or a party is still to follow.
            try
            {
                await Task.Delay(LookAgain, limit);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new PutRefusedException(PutFailureKind.Conflict,
                    $"The parties have table '{table.Name}' in different revisions ({string.Join(", ", revisions)}): an earlier change is not at its end. Nothing was changed; look at the status.");
            }
        }
    }

    private async Task<long?[]> RevisionsAsync(TableDescription table, CancellationToken cancellationToken)
    {
        PartyStatus?[] status = await Task.WhenAll(parties.All.Select(p => p.ProbeAsync(cancellationToken)));
        cancellationToken.ThrowIfCancellationRequested();
        return [.. status.Select(s => s?.Tables.FirstOrDefault(t => t.Version == table.Version)?.Revision)];
    }

    private static async Task<(PutAnswer? Answer, string? Trouble)> CallAsync(Party party, PutRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return (await party.Link.PutAsync(request, cancellationToken).WaitAsync(cancellationToken), null);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return (null, $"party {party.Number} did not answer in time");
        }
        catch (Exception e)
        {
            return (null, $"the call to party {party.Number} failed: {e.Message}");
        }
    }

    private async Task<long> OutcomeAsync(TableDescription table, long before, (PutAnswer? Answer, string? Trouble)[] replies,
        CancellationToken limit, CancellationToken cancellationToken)
    {
        if (replies.All(r => r.Answer is { Failure: null }))
        {
            return before + 1;
        }

        bool made = replies.Any(r => r.Answer is { Failure: null });
        if (!made)
        {
            // One no is enough: a party that has said it never says yes to this transaction. The party with a reason of its own is told of.
            PutFailure? refusal = replies.Select(r => r.Answer?.Failure).Where(f => f is { Kind: not (PutFailureKind.Undecided or PutFailureKind.Internal) })
                .OrderBy(f => f!.Kind == PutFailureKind.PeerRefused).FirstOrDefault();
            if (refusal is not null)
            {
                throw new PutRefusedException(refusal.Kind, $"{refusal.Message} Nothing was changed at any party.");
            }
        }

        // All will make it if one has. What is waited for here is a party whose answer was lost or late.
        while (made && !limit.IsCancellationRequested)
        {
            try
            {
                if ((await RevisionsAsync(table, limit)).All(r => r > before))
                {
                    return before + 1;
                }

                await Task.Delay(LookAgain, limit);
            }
            catch (OperationCanceledException) when (limit.IsCancellationRequested)
            {
                break;
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        string problems = string.Join("; ", replies.Select(r => r.Trouble ?? r.Answer!.Failure?.Message).OfType<string>());
        throw new PutOutcomeUnknownException(
            (made ? $"The change of table '{table.Name}' is made, but not yet at all parties" : $"It is not known whether table '{table.Name}' was changed")
            + $": {problems}. All parties will make the change or none. See 'trident status': with the change its revision is {before + 1} or more.");
    }
}
