using Trident.Abstractions;

namespace Trident.Client;

/// <summary>
/// One party and whether it is up. A call that fails or is late makes it suspect: no more queries are sent to it until a probe
/// of its status succeeds. Two probes that fail in a row end the calls that are under way.
/// </summary>
internal sealed class Party : IAsyncDisposable
{
    private const int ProbesBeforeGivingUpCalls = 2;
    private const int ProbesBeforeReconnecting = 3;
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5);

    private readonly TridentClientOptions _options;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _probeNow = new(0, 1);
    private readonly CancellationTokenSource _stopping = new();
    private CancellationTokenSource _whileUp = new();
    private Task _probing = Task.CompletedTask;
    private int _failedProbes;
    private bool _up;
    private string? _reason = "its gateway has not answered yet";

    public Party(int number, IPartyLink link, TridentClientOptions options) => (Number, Link, _options) = (number, link, options);

    public int Number { get; }

    public IPartyLink Link { get; }

    public bool IsUp
    {
        get { lock (_lock) { return _up; } }
    }

    public PartyHealth Health
    {
        get { lock (_lock) { return new PartyHealth(Number, _up, _up ? null : _reason); } }
    }

    /// <summary>Cancelled when the party is found to be down.</summary>
    public CancellationToken WhileUp
    {
        get { lock (_lock) { return _whileUp.Token; } }
    }

    /// <summary>Starts the background probes.</summary>
    public void Start() => _probing = Task.Run(ProbeLoopAsync);

    /// <summary>Sends no more queries to the party until a probe succeeds, which is tried at once.</summary>
    public void Suspect(string reason)
    {
        lock (_lock)
        {
            if (!_up)
            {
                return;
            }

            (_up, _reason) = (false, reason);
            if (_probeNow.CurrentCount == 0)
            {
                _probeNow.Release();
            }
        }
    }

    /// <summary>Connects if need be and asks for the party's status; null when there is none.</summary>
    public async Task<PartyStatus?> ProbeAsync(CancellationToken cancellationToken)
    {
        string problem;
        try
        {
            await WithinAsync(ConnectLimit, Link.ConnectAsync, cancellationToken);
            PartyStatus? status = null;
            await WithinAsync(_options.ProbeTimeout, async ct => status = await Link.StatusAsync(ct), cancellationToken);
            if (status!.Party == Number)
            {
                Succeeded();
                return status;
            }

            problem = $"the silo that answers there is party {status.Party}";
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (OperationCanceledException)
        {
            problem = "it does not answer in time";
        }
        catch (Exception e)
        {
            problem = e.Message;
        }

        Failed(problem);
        return null;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _probing;
        await Link.DisposeAsync();
    }

    /// <summary>Runs one step with a time limit; throws what it throws.</summary>
    private static async Task WithinAsync(TimeSpan limit, Func<CancellationToken, Task> step, CancellationToken cancellationToken)
    {
        using CancellationTokenSource source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        source.CancelAfter(limit);
        await step(source.Token).WaitAsync(source.Token);
    }

    private void Succeeded()
    {
        lock (_lock)
        {
            (_up, _reason, _failedProbes) = (true, null, 0);
            if (_whileUp.IsCancellationRequested)
            {
                _whileUp = new CancellationTokenSource();
            }
        }
    }

    private void Failed(string reason)
    {
        CancellationTokenSource? ended = null;
        lock (_lock)
        {
            (_up, _reason) = (false, reason);
            if (++_failedProbes >= ProbesBeforeGivingUpCalls)
            {
                ended = _whileUp;
            }
        }

        ended?.Cancel();
    }

    private async Task ProbeLoopAsync()
    {
        CancellationToken stop = _stopping.Token;
        try
        {
            while (true)
            {
                await _probeNow.WaitAsync(_options.ProbeInterval, stop);
                await ProbeAsync(stop);
                int failed;
                lock (_lock)
                {
                    failed = _failedProbes;
                }

                if (failed > 0 && failed % ProbesBeforeReconnecting == 0)
                {
                    await Link.DisconnectAsync();
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The client is being disposed of.
        }
    }
}
