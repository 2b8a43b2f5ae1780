using System.CommandLine;
using Trident.Client;
using Trident.Protocol.Sealing;
using Trident.Protocol.Tables;
using Trident.Sql;

namespace Trident.Console;

/// <summary>Runs a command's body and turns what can go wrong into one line on the error stream and an exit code.</summary>
internal static class CommandRunner
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>The command failed; the message says why.</summary>
    public const int Failed = 1;

    /// <summary>The command line was wrong.</summary>
    public const int UsageError = 2;

    /// <summary>Ended by Ctrl-C or SIGTERM before it was done.</summary>
    public const int Interrupted = 130;

    /// <summary>Makes <paramref name="body"/> the command's action.</summary>
    public static void Runs(this Command command, Func<ParseResult, CommandContext, CancellationToken, Task<int>> body) =>
        command.SetAction(async (parsed, stop) =>
        {
            CommandContext context = new(parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            try
            {
                return await body(parsed, context, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                context.Error.WriteLine("trident: interrupted");
                return Interrupted;
            }
            catch (ConsoleException e)
            {
                context.Error.WriteLine($"trident: {e.Message}");
                return e.ExitCode;
            }
            catch (Exception e) when (e is TableException or TridentException or IdentityException or DatabaseException or IOException or UnauthorizedAccessException)
            {
                context.Error.WriteLine($"trident: {e.Message}");
                return Failed;
            }
            catch (Exception e)
            {
                // Nothing above expects it, so it is a defect, and the trace is what a report of it needs.
                context.Error.WriteLine($"trident: unexpected error: {e}");
                return Failed;
            }
        });
}

/// <summary>A failure that the console itself found.</summary>
/// <param name="message">What was wrong and what to do.</param>
/// <param name="exitCode">The exit code that the command ends with.</param>
public sealed class ConsoleException(string message, int exitCode = CommandRunner.Failed) : Exception(message)
{
    /// <summary>The exit code that the command ends with.</summary>
    public int ExitCode { get; } = exitCode;
}
