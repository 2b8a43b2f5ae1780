using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace Trident.Console;

/// <summary>Where a command writes: results to <see cref="Out"/>, messages and progress to <see cref="Error"/>.</summary>
internal sealed class CommandContext(TextWriter output, TextWriter error)
{
    private const int WidthOfPipes = 160;
    private static readonly JsonSerializerOptions Compact = new(JsonSerializerDefaults.Web)
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>Results.</summary>
    public TextWriter Out { get; } = output;

    /// <summary>Messages and progress.</summary>
    public TextWriter Error { get; } = error;

    /// <summary>Tables of results.</summary>
    public IAnsiConsole Results { get; } = Create(output);

    /// <summary>Progress bars; on the error stream, so that results can be piped.</summary>
    public IAnsiConsole Progress { get; } = Create(error);

    /// <summary>JSON as every command writes it: camel case; infinities as named literals.</summary>
    public static string Json<T>(T value, bool indented) =>
        JsonSerializer.Serialize(value, indented ? new JsonSerializerOptions(Compact) { WriteIndented = true } : Compact);

    /// <summary>Reads what <see cref="Json"/> wrote.</summary>
    /// <exception cref="JsonException">The text is no such JSON.</exception>
    public static T? FromJson<T>(string text) => JsonSerializer.Deserialize<T>(text, Compact);

    /// <summary>Runs <paramref name="work"/> under a progress bar. The callback takes what is done so far and the whole.</summary>
    public Task WithProgressAsync(string title, Func<Action<long, long>, Task> work) =>
        Progress.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(async bars =>
            {
                ProgressTask bar = bars.AddTask(Markup.Escape(title), maxValue: 1);
                await work((done, total) =>
                {
                    bar.MaxValue = Math.Max(total, 1);
                    bar.Value = done;
                });
                bar.Value = bar.MaxValue;
            });

    private static IAnsiConsole Create(TextWriter writer)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        if (!console.Profile.Out.IsTerminal)
        {
            console.Profile.Width = WidthOfPipes;
        }

        return console;
    }
}
