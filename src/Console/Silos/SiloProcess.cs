using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Trident.Console.Silos;

/// <summary>One party's silo as a child process. Its output goes to a log file.</summary>
internal sealed partial class SiloProcess : IAsyncDisposable
{
    private const int TerminateSignal = 15;
    private const int KeptLines = 20;

    // Its input is never written to; it ends when this process does, even one that is killed and can stop no child.
    private const string EndsWithUs = "--Trident:StopAtEndOfInput=true";
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(15);

    private readonly Process _process;
    private readonly StreamWriter _log;
    private readonly Lock _logLock = new();
    private readonly Queue<string> _lastErrors = new();
    private readonly Queue<string> _lastLines = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _readyLine;

    private SiloProcess(int party, Process process, string logFile)
    {
        Party = party;
        LogFile = logFile;
        _process = process;
        _readyLine = string.Create(CultureInfo.InvariantCulture, $"silo ready party {party}");
        _log = new StreamWriter(logFile, append: true) { AutoFlush = true };
    }

    /// <summary>1, 2 or 3.</summary>
    public int Party { get; }

    /// <summary>Where its output is.</summary>
    public string LogFile { get; }

    /// <summary>Ends when the process has, with its exit code.</summary>
    public Task<int> Exit { get; private set; } = Task.FromResult(0);

    /// <summary>Starts a silo.</summary>
    /// <param name="program">Path of the silo's program; a <c>.dll</c> is run by <c>dotnet</c>.</param>
    /// <param name="deployment">The deployment's directory.</param>
    /// <param name="party">1, 2 or 3.</param>
    /// <param name="settings">More arguments, such as <c>--Trident:StockBudgetBytes=1000000</c>.</param>
    /// <param name="environment">More variables of its environment.</param>
    public static SiloProcess Start(string program, string deployment, int party, IEnumerable<string> settings,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        string logs = Path.Combine(deployment, "logs");
        Directory.CreateDirectory(logs);
        bool needsHost = Path.GetExtension(program) == ".dll";
        ProcessStartInfo start = new()
        {
            FileName = needsHost ? DotnetHost() : program,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        string number = party.ToString(CultureInfo.InvariantCulture);
        foreach (string argument in (string[])[.. needsHost ? [program] : Array.Empty<string>(), "--deployment", deployment, "--party", number, EndsWithUs, .. settings])
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        SiloProcess silo = new(party, new Process { StartInfo = start }, Path.Combine(logs, $"party-{number}.log"));
        silo.Run();
        return silo;
    }

    /// <summary>Waits until the silo says that it serves.</summary>
    /// <exception cref="ConsoleException">It ended instead (its exit code is kept), or it took too long.</exception>
    public async Task WaitReadyAsync(TimeSpan patience, CancellationToken stop)
    {
        using CancellationTokenSource timeout = CancellationTokenSource.CreateLinkedTokenSource(stop);
        timeout.CancelAfter(patience);
        try
        {
            await Task.WhenAny(_ready.Task, Exit).WaitAsync(timeout.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new ConsoleException($"The silo of party {Party} did not start within {patience.TotalSeconds:0} s; its log is {LogFile}.");
        }

        if (!_ready.Task.IsCompleted)
        {
            int code = await Exit;
            throw new ConsoleException(
                $"The silo of party {Party} ended at start with exit code {code}:{Environment.NewLine}{LastWords()}",
                code == 0 ? CommandRunner.Failed : code);
        }
    }

    /// <summary>The last lines that it wrote to its error stream, or else to its output.</summary>
    public string LastWords()
    {
        lock (_logLock)
        {
            return string.Join(Environment.NewLine, _lastErrors.Count > 0 ? _lastErrors : _lastLines);
        }
    }

    /// <summary>Asks the silo to stop, waits up to 15 s, then ends it.</summary>
    public async Task StopAsync()
    {
        if (!Exit.IsCompleted)
        {
            if (OperatingSystem.IsWindows() || Kill(_process.Id, TerminateSignal) != 0)
            {
                EndNow();
            }

            if (await Task.WhenAny(Exit, Task.Delay(StopPatience)) != Exit)
            {
                EndNow();
            }

            await Exit;
        }
    }

    /// <summary>Stops the silo and closes its log.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _process.Dispose();
        lock (_logLock)
        {
            _log.Dispose();
        }
    }

    // The one that runs this console, when one does; a published console is its own host, and any will do for a silo's .dll.
    private static string DotnetHost()
    {
        string? host = Environment.ProcessPath;
        return Path.GetFileNameWithoutExtension(host) == "dotnet" ? host! : "dotnet";
    }

    private void Run()
    {
        _process.OutputDataReceived += (_, e) => Take(e.Data, _lastLines);
        _process.ErrorDataReceived += (_, e) => Take(e.Data, _lastErrors);
        try
        {
            _process.Start();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            _log.Dispose();
            throw new ConsoleException($"'{_process.StartInfo.FileName}' could not be started: {e.Message}");
        }

        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Exit = WaitAsync();
    }

    private async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    private void Take(string? line, Queue<string> last)
    {
        if (line is null)
        {
            return;
        }

        lock (_logLock)
        {
            _log.WriteLine(line);
            last.Enqueue(line);
            if (last.Count > KeptLines)
            {
                last.Dequeue();
            }
        }

        if (line.Trim() == _readyLine)
        {
            _ready.TrySetResult();
        }
    }

    private void EndNow()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It ended by itself meanwhile.
        }
    }

    // .NET has no call that sends SIGTERM; Process.Kill sends SIGKILL, which leaves no time to stop cleanly.
    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}
