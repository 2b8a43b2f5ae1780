using System.CommandLine;
using Trident.Console.Deployments;
using Trident.Console.Measuring;
using Trident.Console.Plotting;
using Trident.Protocol.Tables;

namespace Trident.Console.Commands;

/// <summary>
/// <c>trident bench</c>: a closed loop at several levels of concurrency, against silos that run (<c>DIR --table NAME</c>) or against
/// silos of its own (<c>--local</c>); and the plot of an earlier result (<c>--replot FILE</c>).
/// </summary>
internal static class BenchCommand
{
    public static Command Create()
    {
        BenchOptions options = new();
        Command command = new(
            "bench",
            "Measure throughput and latency, and check the answers: of a deployment that runs (DIR --table NAME), "
            + "or of three silos of its own for each transport and product (--local).");
        command.Add(options.Directory);
        foreach (Option option in options.All)
        {
            command.Add(option);
        }

        command.Validators.Add(options.CheckForm);
        command.Runs(async (parsed, context, stop) =>
        {
            string? json = parsed.GetValue(options.Json), plot = parsed.GetValue(options.Plot);
            OutputFile.MustBeWritable(json);
            OutputFile.MustBeWritable(plot);
            if (parsed.GetValue(options.Replot) is { } replot)
            {
                BenchPlot.Save(BenchReportFile.Read(replot), plot!);
                return CommandRunner.Done;
            }

            if (parsed.GetValue(options.Local))
            {
                return await new LocalBench(context, options.LocalSettings(parsed)).RunAsync(stop);
            }

            DeploymentLayout layout = OpenDeployment.At(parsed.GetRequiredValue(options.Directory)!);
            return await DeployedBench.RunAsync(
                context, layout, options.Clustering.Of(parsed), parsed.GetRequiredValue(options.Table)!, parsed.GetValue(options.Verify), options.DeployedPlan(parsed), json, stop);
        });
        return command;
    }
}
