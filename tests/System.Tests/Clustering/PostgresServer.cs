using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Npgsql;
using Trident.Console.Deployments;
using Trident.Sql;
using Xunit;

namespace Trident.System.Tests.Clustering;

/// <summary>
/// A real PostgreSQL of its own: a data directory in the temporary directory, a free port of the loopback, an unprivileged
/// user, password logins. Its time zone is an odd one, so that nothing that holds only for UTC passes. Removed at the end.
/// </summary>
public sealed partial class PostgresServer : IAsyncLifetime
{
    public const string Owner = "owner";
    public const string Password = "secret-of-the-test";
    private const string TimeZone = "Pacific/Chatham"; // UTC+12:45, and +13:45 in summer
    private const int FastStop = 2; // SIGINT: connections are cut, data is safe
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _directory = Directory.CreateTempSubdirectory("trident-postgres-").FullName;
    private readonly StringBuilder _log = new();
    private Process? _process;
    private int _databases;

    public int Port { get; } = FreePorts.FindRow(1)[0];

    private static string? User => Environment.UserName != "root" ? null
        : File.ReadLines("/etc/passwd").Any(l => l.StartsWith("postgres:", StringComparison.Ordinal)) ? "postgres" : "nobody";

    private string Data => Path.Combine(_directory, "data");

    /// <summary>Directory of the server's programs; null when they are not installed, or cannot be run as an unprivileged user.</summary>
    public static string? Find()
    {
        const string debian = "/usr/lib/postgresql";
        if (!OperatingSystem.IsLinux() || !Directory.Exists(debian) || (User is not null && !File.Exists("/usr/bin/setpriv")))
        {
            return null;
        }

        return Directory.GetDirectories(debian).Select(d => Path.Combine(d, "bin")).Where(d => File.Exists(Path.Combine(d, "initdb"))).Order().LastOrDefault();
    }

    public string Connection(string database, string user = Owner, string password = Password) =>
        $"Host=127.0.0.1;Port={Port};Database={database};Username={user};Password={password}";

    public async Task InitializeAsync()
    {
        if (Find() is null)
        {
            return; // Every test of the class is left out.
        }

        if (User is { } user)
        {
            await RunAsync("chown", [user, _directory], asUser: false);
        }

        string passwordFile = Path.Combine(_directory, "password");
        await RunAsync("/bin/sh", ["-c", $"umask 077; printf %s '{Password}' > '{passwordFile}'"], asUser: true);
        await RunAsync(Path.Combine(Find()!, "initdb"),
            ["-D", Data, "-U", Owner, "--auth=scram-sha-256", $"--pwfile={passwordFile}", "--encoding=UTF8", "--locale=C", "--no-sync"], asUser: true);
        await StartAsync();
    }

    public async Task StartAsync()
    {
        _process = Begin(Path.Combine(Find()!, "postgres"),
            ["-D", Data, "-p", $"{Port}", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", $"timezone={TimeZone}", "-c", "fsync=off"], asUser: true);
        using CancellationTokenSource limit = new(Patience);
        while (true)
        {
            try
            {
                await using NpgsqlConnection connection = new(Connection("postgres") + ";Pooling=false;Timeout=5");
                await connection.OpenAsync(limit.Token);
                return;
            }
            catch (Exception e) when (e is NpgsqlException && !_process.HasExited)
            {
                await Task.Delay(50, limit.Token);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"PostgreSQL did not start: {e.Message}\n{Log()}", e);
            }
        }
    }

    /// <summary>Stops the server as an operator would in a hurry: connections are cut, and nobody answers at its port.</summary>
    public async Task StopAsync()
    {
        if (_process is { HasExited: false })
        {
            Assert.Equal(0, Signal(_process.Id, FastStop));
            using CancellationTokenSource limit = new(Patience);
            try
            {
                await _process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                // Nothing may be left behind. Its children notice that it is gone, and end.
                _process.Kill(entireProcessTree: true);
                await _process.WaitForExitAsync();
            }
        }

        _process?.Dispose();
        _process = null;
    }

    /// <summary>Makes an empty database; returns the owner's connection string.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        string name = $"test_{Interlocked.Increment(ref _databases)}";
        await ExecuteAsync(Connection("postgres"), $"CREATE DATABASE {name}");
        return Connection(name);
    }

    /// <summary>Makes a database with the scripts applied; returns the owner's connection string.</summary>
    public async Task<string> CreatePreparedAsync()
    {
        string connection = await CreateDatabaseAsync();
        await using ClusterDatabase database = new(connection, "test");
        await Schema.ApplyAsync(database);
        return connection;
    }

    /// <summary>Makes a login that is a member of a role; returns its connection string to the same database.</summary>
    public async Task<string> LoginAsync(string connection, string role)
    {
        string name = $"login_{Interlocked.Increment(ref _databases)}";
        await ExecuteAsync(connection, $"CREATE ROLE {name} LOGIN PASSWORD '{Password}' IN ROLE {role}");
        return Connection(new NpgsqlConnectionStringBuilder(connection).Database!, name);
    }

    public static async Task<object?> ExecuteAsync(string connection, string statement)
    {
        await using NpgsqlConnection open = new(connection + ";Pooling=false");
        await open.OpenAsync();
        await using NpgsqlCommand command = new(statement, open);
        return await command.ExecuteScalarAsync();
    }

    public async Task DisposeAsync()
    {
        try
        {
            await StopAsync();
        }
        finally
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    private async Task RunAsync(string program, string[] arguments, bool asUser)
    {
        using Process process = Begin(program, arguments, asUser);
        using CancellationTokenSource limit = new(Patience);
        await process.WaitForExitAsync(limit.Token);
        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}:\n{Log()}");
    }

    // The server refuses to run as root. setpriv becomes the program, so the process's id is the server's own.
    private Process Begin(string program, string[] arguments, bool asUser)
    {
        ProcessStartInfo info = new() { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = asUser ? _directory : "/" };
        string[] line = asUser && User is { } user
            ? ["/usr/bin/setpriv", $"--reuid={user}", $"--regid={Group(user)}", "--clear-groups", program, .. arguments]
            : [program, .. arguments];
        info.FileName = line[0];
        foreach (string argument in line[1..])
        {
            info.ArgumentList.Add(argument);
        }

        Process process = new() { StartInfo = info };
        process.OutputDataReceived += (_, e) => Add(e.Data);
        process.ErrorDataReceived += (_, e) => Add(e.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static string Group(string user) => File.ReadLines("/etc/passwd").Select(l => l.Split(':')).First(f => f[0] == user)[3];

    private void Add(string? line)
    {
        lock (_log)
        {
            _log.AppendLine(line);
        }
    }

    private string Log()
    {
        lock (_log)
        {
            return _log.ToString();
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    internal static partial int Signal(int processId, int signal);
}

/// <summary>A test that needs PostgreSQL's server programs. Where they are absent it is reported as skipped, not as passed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PostgresFactAttribute : FactAttribute
{
    public PostgresFactAttribute()
    {
        if (PostgresServer.Find() is null)
        {
            Skip = "LEFT OUT: PostgreSQL is not installed; 'apt-get install postgresql' brings it.";
        }
    }
}
