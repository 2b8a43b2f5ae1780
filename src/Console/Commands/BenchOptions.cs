using System.CommandLine;
using System.CommandLine.Parsing;
using Trident.Console.Measuring;
using Trident.Console.Plotting;
using Trident.Console.Text;

namespace Trident.Console.Commands;

/// <summary>The options of <c>trident bench</c>, and which of them belong to which of its three forms.</summary>
internal sealed class BenchOptions
{
    private const int MaxConcurrency = 4096;
    private const int UsualWarmUp = 300;
    private const double MaxDelayMs = 10_000;
    private const double MaxMegabits = 1_000_000;

    public Argument<string?> Directory { get; } = new("DIR")
    {
        Description = "Directory of a deployment whose silos run.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public Option<string?> Table { get; } = new("--table") { Description = "With DIR: name of the table." };

    public Option<string?> Verify { get; } = new("--verify")
    {
        Description = "With DIR: vectors that the table was shared from; compare every answer with them. Without it every answer that passes the client's check counts as right.",
    };

    public ClusteringOptions Clustering { get; } = ClusteringOptions.OfClient();

    public Option<bool> Local { get; } = new("--local")
    {
        Description = "Start and stop three silos on this machine for each transport and product, and compare every answer with the plaintext.",
    };

    public Option<string?> Vectors { get; } = new("--vectors") { Description = "With --local: vectors to share: .fvecs, .bvecs, .ivecs, .npy, or idx (.gz too).", HelpName = "FILE" };

    public Option<GeneratedVectors?> Generate { get; } = new("--generate")
    {
        Description = "With --local: share generated vectors instead, such as 100000x512xf4.",
        HelpName = "ROWSxDIMxu8|f4",
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = NumberList.ForOption(GeneratedVectors.Parse),
    };

    public Option<int?> Rows { get; } = new("--rows") { Description = "With --local: take the first N rows of the file.", HelpName = "N" };

    public Option<string[]> Transport { get; } = Names("--transport", "transport", Combination.Transports, "ephemeral");

    public Option<string[]> Product { get; } = Names("--product", "product", Combination.Products, "stock");

    public Option<double> LinkDelay { get; } = new("--link-delay")
    {
        Description = "With --local: delay of the links between the silos, in one direction, in milliseconds.",
        HelpName = "MS",
    };

    public Option<double?> LinkBandwidth { get; } = new("--link-bandwidth")
    {
        Description = "With --local: bandwidth of the links between the silos, in megabits per second. Without it there is no limit.",
        HelpName = "MBIT",
    };

    public Option<long?> StockBudget { get; } = new("--stock-budget") { Description = "With --local: bytes of memory that a party's stock may take.", HelpName = "BYTES" };

    public Option<bool> Keep { get; } = new("--keep") { Description = "With --local: keep the directory of the deployments and of the generated vectors." };

    public Option<string?> Replot { get; } = new("--replot") { Description = "Measure nothing; plot an earlier --json file.", HelpName = "IN" };

    public Option<int> Queries { get; } = new("--queries") { Description = "Queries per level.", DefaultValueFactory = _ => 2000 };

    public Option<int[]> Concurrency { get; } = new("--concurrency")
    {
        Description = "Levels: how many queries are under way at a time.",
        HelpName = "C[,C…]",
        Arity = ArgumentArity.ExactlyOne,
        DefaultValueFactory = _ => [1, 2, 4, 8, 16],
        CustomParser = NumberList.ForOption(text => NumberList.Parse(text, "concurrency", 1, MaxConcurrency)),
    };

    public Option<int?> WarmUp { get; } = new("--warm-up")
    {
        Description = $"Queries before the first level that are not counted: {UsualWarmUp} unless told, at the first level; with --local no more than --queries, at the highest level.",
    };

    public Option<int> Seed { get; } = new("--seed") { Description = "Seed of the rows that are asked for, and of generated vectors.", DefaultValueFactory = _ => 1 };

    public Option<string?> Json { get; } = new("--json") { Description = "Write the result as JSON to this file.", HelpName = "OUT" };

    public Option<string?> Plot { get; } = new("--plot")
    {
        Description = "With --local or --replot: plot throughput and p95 latency against concurrency to this .svg or .png file.",
        HelpName = "OUT",
    };

    public BenchOptions()
    {
        Queries.Between(1, 100_000_000);
        WarmUp.Between(0, 1_000_000);
        Rows.Between(1, int.MaxValue);
        Within(LinkDelay, 0, MaxDelayMs);
        Within(LinkBandwidth, 0.001, MaxMegabits);
        StockBudget.Validators.Add(result =>
        {
            if (result.Tokens is [Token token] && long.TryParse(token.Value, out long value) && value < 1)
            {
                result.AddError($"--stock-budget {value} is out of range: it is a number of bytes, at least 1.");
            }
        });
        Plot.Validators.Add(result =>
        {
            if (result.Tokens is [Token token] && !BenchPlot.IsKnown(token.Value))
            {
                result.AddError($"--plot {token.Value}: the name must end in .svg or .png.");
            }
        });
    }

    /// <summary>All options, in the order of the help.</summary>
    public IEnumerable<Option> All =>
    [
        Table, Verify, Local, Vectors, Generate, Rows, Transport, Product, LinkDelay, LinkBandwidth, StockBudget, Keep, Replot,
        Queries, Concurrency, WarmUp, Seed, Json, Plot, .. Clustering.All,
    ];

    private Option[] OfDeployed => [Table, Verify, .. Clustering.All, Queries, Concurrency, WarmUp, Seed, Json];

    private Option[] OfLocal =>
        [Local, Vectors, Generate, Rows, Transport, Product, LinkDelay, LinkBandwidth, StockBudget, Keep, Queries, Concurrency, WarmUp, Seed, Json, Plot];

    private Option[] OfReplot => [Replot, Plot];

    /// <summary>Refuses a command line that mixes the forms, or leaves out what its form needs.</summary>
    public void CheckForm(CommandResult result)
    {
        bool Given(Option option) => result.GetResult(option) is { Implicit: false };
        bool directory = result.GetResult(Directory) is { Tokens.Count: > 0 };
        (string form, Option[] allowed) = Given(Replot) ? ("--replot", OfReplot) : Given(Local) ? ("--local", OfLocal) : ("DIR", OfDeployed);
        if (directory && form != "DIR")
        {
            result.AddError($"{form} takes no DIR: it measures no deployment that runs.");
        }

        foreach (Option foreign in All.Except(allowed).Where(Given))
        {
            string other = OfDeployed.Contains(foreign) ? OfLocal.Contains(foreign) ? "DIR or --local" : "DIR" : OfLocal.Contains(foreign) ? "--local" : "--replot";
            result.AddError(directory || form != "DIR" ? $"{foreign.Name} belongs to {other} and cannot be given with {form}." : $"{foreign.Name} belongs to {other}, which is missing.");
        }

        string? missing = form switch
        {
            "--replot" when !Given(Plot) => "--replot needs --plot, the file to write.",
            "--local" when Given(Vectors) == Given(Generate) => "--local needs the vectors: either --vectors FILE or --generate ROWSxDIMxu8|f4.",
            "--local" when Given(Generate) && Given(Rows) => "--rows takes rows of a file; --generate says itself how many there are.",
            "DIR" when !directory => "Required argument missing: the directory of a deployment that runs (or --local, or --replot).",
            "DIR" when !Given(Table) => "Option '--table' is required.",
            _ => null,
        };
        if (missing is not null)
        {
            result.AddError(missing);
        }
    }

    /// <summary>The queries of the form with DIR.</summary>
    public BenchPlan DeployedPlan(ParseResult parsed)
    {
        int[] levels = parsed.GetRequiredValue(Concurrency);
        return new BenchPlan(levels, parsed.GetValue(Queries), parsed.GetValue(WarmUp) ?? UsualWarmUp, levels[0], parsed.GetValue(Seed));
    }

    /// <summary>What the form with --local is to do.</summary>
    public LocalBenchSettings LocalSettings(ParseResult parsed)
    {
        int[] levels = parsed.GetRequiredValue(Concurrency);
        int queries = parsed.GetValue(Queries);
        return new LocalBenchSettings
        {
            Vectors = parsed.GetValue(Vectors),
            Generate = parsed.GetValue(Generate),
            Rows = parsed.GetValue(Rows),
            Transports = parsed.GetRequiredValue(Transport),
            Products = parsed.GetRequiredValue(Product),
            Link = new LinkModel(parsed.GetValue(LinkDelay), parsed.GetValue(LinkBandwidth)),
            StockBudget = parsed.GetValue(StockBudget),

            // At the highest level the warm-up opens as many connections, and starts as many threads, as the levels will use.
            Plan = new BenchPlan(levels, queries, parsed.GetValue(WarmUp) ?? Math.Min(UsualWarmUp, queries), levels.Max(), parsed.GetValue(Seed)),
            Json = parsed.GetValue(Json),
            Plot = parsed.GetValue(Plot),
            Keep = parsed.GetValue(Keep),
        };
    }

    private static Option<string[]> Names(string option, string what, string[] known, string usual) => new(option)
    {
        Description = $"With --local: what to measure, of {string.Join(", ", known)}.",
        HelpName = $"{char.ToUpperInvariant(what[0])}[,{char.ToUpperInvariant(what[0])}…]",
        Arity = ArgumentArity.ExactlyOne,
        DefaultValueFactory = _ => [usual],
        CustomParser = NumberList.ForOption(text => Combination.ParseNames(text, what, known)),
    };

    private static void Within(Option option, double lowest, double highest) => option.Validators.Add(result =>
    {
        // What is no number at all is refused by the option itself.
        if (result.Tokens is [Token token] && double.TryParse(token.Value, out double value) && !(value >= lowest && value <= highest))
        {
            result.AddError(FormattableString.Invariant($"{option.Name} {token.Value} is out of range: {lowest} to {highest} are allowed."));
        }
    });
}
