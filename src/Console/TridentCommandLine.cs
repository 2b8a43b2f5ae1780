using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Trident.Console.Commands;

namespace Trident.Console;

/// <summary>The command line: one subcommand per file in <c>Commands</c>.</summary>
public static class TridentCommandLine
{
    /// <summary>Builds the tree of commands. No RootCommand: that one takes its name from the program's file, not from the launcher.</summary>
    public static Command Build() => new("trident", "Private retrieval of table rows from three servers that see neither their data nor the question.")
    {
        DemoCommand.Create(),
        InitCommand.Create(),
        ShareCommand.Create(),
        UpCommand.Create(),
        FetchCommand.Create(),
        SearchCommand.Create(),
        NeighboursCommand.Create(),
        PutCommand.Create(),
        RotateCommand.Create(),
        StatusCommand.Create(),
        BenchCommand.Create(),
        SqlCommand.Create(),
        new HelpOption(),
        new VersionOption(),
    };

    /// <summary>Runs one command line and gives its exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted.</summary>
    /// <param name="args">Arguments without the program's name.</param>
    /// <param name="output">Results go here.</param>
    /// <param name="error">Messages and progress go here.</param>
    /// <param name="stop">Ends the command.</param>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken stop = default)
    {
        ParseResult parsed = Build().Parse(args);
        if (parsed.Action is ParseErrorAction)
        {
            foreach (string message in parsed.Errors.Select(e => e.Message).Distinct())
            {
                error.WriteLine($"trident: {message}");
            }

            string command = parsed.CommandResult.Parent is null ? "" : parsed.CommandResult.Command.Name + " ";
            error.WriteLine($"'trident {command}--help' shows the usage.");
            return CommandRunner.UsageError;
        }

        // Signals are handled in Program; the library's own two-second limit would cut a clean stop of the silos short.
        InvocationConfiguration configuration = new()
        {
            Output = output,
            Error = error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        return await parsed.InvokeAsync(configuration, stop);
    }
}
