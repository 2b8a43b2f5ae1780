using System.Diagnostics;
using System.Text;

namespace Trident.System.Tests;

/// <summary>
/// A real silo process; ended by its id. It is the silo that the tests were built with, unless <c>TRIDENT_PUBLISHED</c> names a
/// directory that <c>trident publish</c> wrote: then it is the one there.
/// </summary>
public sealed class SiloProcess : IAsyncDisposable
{
    private static readonly string? Published = Environment.GetEnvironmentVariable("TRIDENT_PUBLISHED") is { Length: > 0 } directory ? directory : null;

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SiloProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public string Output
    {
        get { lock (_output) { return _output.ToString(); } }
    }

    public static SiloProcess Start(string deployment, int party, params string[] extra)
    {
        ProcessStartInfo info = new(Published is null ? "dotnet" : Path.Combine(Published, "trident-silo"))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (Published is null)
        {
            info.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Trident.Silo.dll"));
        }

        foreach (string argument in (string[])["--deployment", deployment, "--party", $"{party}", "--Trident:StopAtEndOfInput=true", .. extra])
        {
            info.ArgumentList.Add(argument);
        }

        SiloProcess silo = new(new Process { StartInfo = info, EnableRaisingEvents = true });
        silo._process.OutputDataReceived += (_, e) => silo.Line(e.Data);
        silo._process.ErrorDataReceived += (_, e) => silo.Line(e.Data);
        silo._process.Exited += (_, _) => silo._ready.TrySetException(new InvalidOperationException($"silo {party} ended before it was ready:\n{silo.Output}"));
        silo._process.Start();
        silo._process.BeginOutputReadLine();
        silo._process.BeginErrorReadLine();
        return silo;
    }

    public Task ReadyAsync() => _ready.Task.WaitAsync(TimeSpan.FromSeconds(60));

    /// <summary>Waits for the end of a silo that is not to start; returns exit code and what it printed.</summary>
    public async Task<(int Code, string Output)> ExitAsync()
    {
        _ready.Task.ContinueWith(static t => _ = t.Exception, TaskScheduler.Default).Forget();
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));
        await _process.WaitForExitAsync(limit.Token);
        return (_process.ExitCode, Output);
    }

    /// <summary>Closes its input, as the end of this process would.</summary>
    public void EndInput() => _process.StandardInput.Close();

    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private void Line(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_output)
        {
            _output.AppendLine(line);
        }

        if (line.StartsWith("silo ready", StringComparison.Ordinal))
        {
            _ready.TrySetResult();
        }
    }
}

internal static class TaskExtensions
{
    /// <summary>Says that nobody awaits this task, on purpose.</summary>
    public static void Forget(this Task task) => _ = task;
}
