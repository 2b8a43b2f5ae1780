namespace Trident.Silo;

/// <summary>Reads a silo's settings from the options file, the environment and the command line.</summary>
internal static class SettingsReader
{
    private const string Section = "Trident";

    private static readonly Dictionary<string, string> Switches = new()
    {
        ["--party"] = "Trident:Party",
        ["--deployment"] = "Trident:Deployment",
        ["--listen"] = "Trident:Listen",
        ["--stock-budget"] = "Trident:StockBudgetBytes",
        ["--options"] = "OptionsFile",
    };

    /// <summary>Adds the sources and reads the settings.</summary>
    /// <exception cref="StartException">A source cannot be read, a value is none of its setting, or there is no such setting.</exception>
    public static SiloSettings Read(ConfigurationManager configuration, string[] args)
    {
        try
        {
            configuration.AddCommandLine(args, Switches);
            if (configuration["OptionsFile"] is { Length: > 0 } file)
            {
                configuration.AddJsonFile(Path.GetFullPath(file), optional: false).AddEnvironmentVariables().AddCommandLine(args, Switches);
            }

            // A setting that is misspelt would be one that is not set, and nobody would be told.
            SiloSettings settings = configuration.GetSection(Section).Get<SiloSettings>(o => o.ErrorOnUnknownConfiguration = true) ?? new SiloSettings();
            settings.Exchange.StockBudgetBytes = settings.StockBudgetBytes ?? settings.Exchange.StockBudgetBytes;
            settings.Exchange.Validate();
            settings.Laboratory.Validate();
            return settings.ResolveWait >= TimeSpan.Zero && settings.ResolveWait <= TimeSpan.FromHours(1)
                ? settings
                : throw new StartException(StartException.BadConfiguration, $"Trident:ResolveWait is {settings.ResolveWait}; it must be from zero to one hour.");
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or FormatException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new StartException(StartException.BadConfiguration, Reason(e), e);
        }
    }

    // The binder names the setting; what is inside of it says only what a number is. A file that is no JSON is told of the other way round.
    private static string Reason(Exception e) => e switch
    {
        InvalidOperationException when e.Message.Contains(nameof(Microsoft.Extensions.Configuration.BinderOptions.ErrorOnUnknownConfiguration), StringComparison.Ordinal) =>
            $"There is no such setting in section {Section}: {e.Message[(e.Message.LastIndexOf(':') + 1)..].Trim()}.",
        InvalidDataException { InnerException: { } inner } => $"{e.Message} {inner.Message}",
        _ => e.Message,
    };
}
