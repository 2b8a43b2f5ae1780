using Trident.Protocol.Changes;

namespace Trident.Grains.Tables;

/// <summary>The peers' votes on one transaction, as far as they have come.</summary>
internal sealed class Ballot
{
    private readonly Lock _gate = new();
    private readonly ChangeVote?[] _votes = new ChangeVote?[4];
    private readonly TaskCompletionSource<bool> _decided = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether the change was made, once that is decided.</summary>
    public Task<bool> Decided => _decided.Task;

    /// <summary>Notes a peer's vote. A party votes once; what it says later is not heard.</summary>
    public void Put(int party, ChangeVote vote)
    {
        lock (_gate)
        {
            _votes[party] ??= vote;
        }
    }

    /// <summary>Whether a peer's vote has come.</summary>
    public bool Has(int party)
    {
        lock (_gate)
        {
            return _votes[party] is not null;
        }
    }

    /// <summary>
    /// What the votes come to when this party's is <paramref name="own"/>: made, dropped, or null while that is open. A yes to
    /// anything else than this party has prepared is a no: then no two parties can make different changes of one transaction.
    /// </summary>
    public bool? Outcome(ChangeVote own, IEnumerable<int> peers)
    {
        lock (_gate)
        {
            ChangeVote?[] votes = [.. peers.Select(p => _votes[p])];
            return votes.Any(v => v is { } vote && vote != own) ? false : votes.All(v => v is not null) ? true : null;
        }
    }

    /// <summary>Tells who waits.</summary>
    public void Decide(bool made) => _decided.TrySetResult(made);
}
