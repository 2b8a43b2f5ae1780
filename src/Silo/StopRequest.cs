using System.Runtime.InteropServices;

namespace Trident.Silo;

/// <summary>
/// That the silo was told to stop: by SIGTERM or SIGINT, from the first moment on and not only once the host listens to them, or by
/// the end of its input where it was told to heed that.
/// </summary>
public sealed class StopRequest : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _signals;

    /// <summary>Listens to the signals.</summary>
    public StopRequest() => _signals =
    [
        .. ((PosixSignal[])[PosixSignal.SIGTERM, PosixSignal.SIGINT]).Select(s => PosixSignalRegistration.Create(s, c =>
        {
            c.Cancel = true;
            _stop.Cancel();
        })),
    ];

    /// <summary>Fires when it was told.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>
    /// Takes the end of the input for a signal too. Whoever started this silo holds the other end of that pipe: it closes with him,
    /// however he ends, and no silo is left behind.
    /// </summary>
    public void HeedInput() => new Thread(() =>
    {
        using Stream input = Console.OpenStandardInput();
        byte[] ignored = new byte[256];
        while (input.Read(ignored) > 0)
        {
        }

        _stop.Cancel();
    })
    { IsBackground = true, Name = "end of input" }.Start();

    /// <summary>Listens to the signals no more.</summary>
    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in _signals)
        {
            signal.Dispose();
        }
    }
}
