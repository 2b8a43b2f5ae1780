using Trident.Abstractions;
using Trident.Protocol.Sealing;
using Trident.Protocol.Tables;

namespace Trident.Client;

/// <summary>What one party replied: an opened share, a refusal, or nothing at all.</summary>
internal sealed record PartyReply(Party Party, QueryAnswer? Answer, uint[]? Share, QueryFailure? Refusal, string? Trouble)
{
    /// <summary>Whether asking again with a fresh query id and fresh tickets can help, and harms nothing.</summary>
    public bool MayBeTriedAgain => Refusal is null || Refusal.Kind is QueryFailureKind.UnknownTicket or QueryFailureKind.UsedTicket
        or QueryFailureKind.NoPeers or QueryFailureKind.NoStock or QueryFailureKind.AlreadyAnswered or QueryFailureKind.TableChanged
        or QueryFailureKind.Internal;

    /// <summary>For messages.</summary>
    public string Problem => $"party {Party.Number}: {(Refusal is null ? Trouble : $"{Refusal.Kind}, {Refusal.Message}")}";
}

/// <summary>What an attempt came to: the opened words and why they are unverified if they are, or the replies that say why there are none.</summary>
internal sealed record AttemptOutcome(uint[]? Words, string? Unverified, IReadOnlyList<PartyReply> Replies, int Asked);

/// <summary>One query, asked once.</summary>
internal static class QueryAttempt
{
    /// <summary>
    /// Calls the parties and opens what they answer. Two answers are enough; the third is waited for during the grace, and a
    /// party that is not up is not waited for.
    /// </summary>
    /// <exception cref="AnswerCheckException">Shares contradict one another, here or at a party.</exception>
    public static async Task<AttemptOutcome> RunAsync(TableDescription table, int count, SealedQuery query, IReadOnlyList<Party> parties,
        IReadOnlyList<Party> all, ClientSeal[] seals, TimeSpan grace, CancellationToken cancellationToken)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Task<PartyReply>> pending = [.. parties.Select(p => CallAsync(p, table, count, query, seals[p.Number - 1], end.Token))];
        Dictionary<Task<PartyReply>, Party> owners = pending.Zip(parties).ToDictionary(x => x.First, x => x.Second);
        List<PartyReply> replies = [];
        int good = 0;
        Task? patience = null;
        try
        {
            while (pending.Count > 0 && good + pending.Count >= 2)
            {
                if (good >= 2)
                {
                    if (pending.All(t => !t.IsCompleted && !owners[t].IsUp))
                    {
                        break;
                    }

                    patience ??= Task.Delay(grace, end.Token);
                    if (await Task.WhenAny([.. pending, patience]) == patience)
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        pending.ForEach(t => owners[t].Suspect($"it did not answer within {grace.TotalMilliseconds:0} ms of the others"));
                        break;
                    }
                }

                Task<PartyReply> done = await Task.WhenAny(pending);
                pending.Remove(done);
                PartyReply reply = await done;
                replies.Add(reply);
                good += reply.Share is null ? 0 : 1;
                if (reply.Refusal is { Kind: QueryFailureKind.OffTheLine } refusal)
                {
                    throw new AnswerCheckException("e-share line",
                        $"Party {reply.Party.Number} ended the query because shares did not agree: {refusal.Message} A party lies or is broken; find out which before asking again.");
                }
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (good < 2)
            {
                return new AttemptOutcome(null, "it was not answered", replies, parties.Count);
            }

            uint[]?[] shares = new uint[]?[3];
            foreach (PartyReply reply in replies)
            {
                shares[reply.Party.Number - 1] = reply.Share;
            }

            uint[] words = AnswerOpener.Open(shares);
            return new AttemptOutcome(words, Unverified(all, parties, replies), replies, parties.Count);
        }
        finally
        {
            // Calls that nobody waits for any more; they take their exceptions with them.
            await end.CancelAsync();
        }
    }

    /// <summary>Which party's share was missing, and where; null when all three agreed everywhere.</summary>
    private static string? Unverified(IReadOnlyList<Party> all, IReadOnlyList<Party> asked, List<PartyReply> replies)
    {
        foreach (Party party in all)
        {
            PartyReply? reply = replies.Find(r => r.Party == party);
            string? why = reply switch
            {
                { Share: null } => reply.Problem,
                { Answer.AllAgreed: false } => $"party {party.Number}: one of its peers' shares did not reach it",
                null when asked.Contains(party) => $"party {party.Number}: no answer in time",
                null => $"party {party.Number}: not asked, {party.Health.Reason ?? "it was down"}",
                _ => null,
            };
            if (why is not null)
            {
                return why;
            }
        }

        return null;
    }

    private static async Task<PartyReply> CallAsync(Party party, TableDescription table, int count, SealedQuery query, ClientSeal seal,
        CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, party.WhileUp);
        try
        {
            QueryAnswer answer = await party.Link.AnswerAsync(query.Request(party.Number), either.Token).WaitAsync(either.Token);
            if (answer.Failure is not null)
            {
                return new PartyReply(party, answer, null, answer.Failure, null);
            }

            (uint[]? share, QueryFailure? refusal) = await AnswerCollector.CollectAsync(party, query, answer, seal, count * table.Words, either.Token);
            return new PartyReply(party, answer, share, refusal, null);
        }
        catch (AnswerCheckException)
        {
            throw;
        }
        catch (SealingException e)
        {
            // Whoever carries the answer can spoil it; that is no proof against the party.
            return Failed($"its answer does not open: {e.Message}");
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            return Failed("the query was given up");
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            return Failed("it went down");
        }
        catch (Exception e)
        {
            party.Suspect($"a call failed: {e.Message}");
            return Failed($"the call failed: {e.Message}");
        }

        PartyReply Failed(string trouble) => new(party, null, null, null, trouble);
    }
}
