using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Trident.Grains.Stock;

/// <summary>
/// A thread that lets every other go first: stock is made while no query needs the cores. On Linux it has nice 10, which the kernel keeps
/// for each thread; elsewhere it is a thread like any other. What it runs must start no other thread, as that would inherit the niceness,
/// and a process that is not root cannot take it back.
/// </summary>
internal sealed partial class YieldingThread : IDisposable
{
    private const int Nice = 10;
    private readonly SemaphoreSlim _ready = new(0), _done = new(0);
    private Action _work = static () => { };
    private volatile bool _ending;
    private ExceptionDispatchInfo? _thrown;

    public YieldingThread() => new Thread(Loop) { IsBackground = true, Name = "stock" }.Start();

    /// <summary>Runs <paramref name="work"/> there and waits for its end, in which the caller holds its own thread. One at a time.</summary>
    public void Run(Action work)
    {
        (_work, _thrown) = (work, null);
        _ready.Release();
        _done.Wait();
        _thrown?.Throw();
    }

    /// <summary>Ends the thread, after what it is running.</summary>
    public void Dispose()
    {
        _ending = true;
        _ready.Release();
    }

    /// <summary>Of the calling thread, where <paramref name="who"/> is 0. A failure costs speed only.</summary>
    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int priority);

    private void Loop()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = SetPriority(0, 0, Nice);
        }

        while (true)
        {
            _ready.Wait();
            if (_ending)
            {
                return;
            }

            try
            {
                _work();
            }
            catch (Exception e)
            {
                _thrown = ExceptionDispatchInfo.Capture(e);
            }

            _done.Release();
        }
    }
}
