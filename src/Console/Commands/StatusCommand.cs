using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using Trident.Abstractions;
using Trident.Client;
using Trident.Console.Deployments;
using Trident.Protocol.Collections;

namespace Trident.Console.Commands;

/// <summary><c>trident status DIR</c>.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        Argument<string> directory = new("DIR") { Description = "Directory of the deployment." };
        ClusteringOptions clustering = ClusteringOptions.OfClient();
        Option<bool> json = new("--json") { Description = "Print the result as JSON." };
        Command command = new("status", "Show what each party serves and has counted since it started.") { directory, json };
        clustering.AddTo(command);
        command.Runs(async (parsed, context, stop) =>
        {
            await using TridentClient client = await OpenDeployment.ConnectAsync(OpenDeployment.At(parsed.GetRequiredValue(directory)), clustering.Of(parsed), stop);
            PartyStatus?[] parties = await client.StatusAsync(stop);
            if (parsed.GetValue(json))
            {
                context.Out.WriteLine(CommandContext.Json(
                    new
                    {
                        Parties = parties.Select((s, i) => new { Party = i + 1, Up = s is not null, Status = s }),
                        Collections = client.Collections.Select(c => new
                        {
                            c.Name,
                            c.Count,
                            c.Dimension,
                            Element = c.Layout.Vector.Element.ToString(),
                            Metric = c.Metric.Name(),
                            c.Scale.Whole,
                            c.NeighboursPerList,
                        }),
                    },
                    indented: true));
                return CommandRunner.Done;
            }

            context.Results.Write(Parties(parties));
            context.Results.Write(Tables(parties));
            if (client.Collections.Count > 0)
            {
                context.Results.Write(Collections(client.Collections));
            }

            context.Results.Write(Links(parties));
            context.Results.Write(Connections(parties));
            foreach (PartyStatus slow in parties.OfType<PartyStatus>().Where(s => s.Laboratory is not null))
            {
                context.Out.WriteLine(LaboratoryLine(slow.Party, slow.Laboratory!));
            }

            return CommandRunner.Done;
        });
        return command;
    }

    private static Table Parties(PartyStatus?[] parties)
    {
        Table table = NewTable("Parties", "party", "state", "answered", "degraded", "failed", "frames refused", "frames dropped", "transport", "memory", "up for");
        for (int i = 0; i < parties.Length; i++)
        {
            if (parties[i] is not { } s)
            {
                table.AddRow(Number(i + 1), "down", "", "", "", "", "", "", "", "");
                continue;
            }

            string refused = s.FramesRefused.Values.Sum() == 0
                ? "0"
                : string.Join(", ", s.FramesRefused.Where(f => f.Value > 0).Select(f => $"{f.Key} {Number(f.Value)}"));
            table.AddRow(
                Number(s.Party), "up", Number(s.Answered), Number(s.Degraded), Number(s.Failed), Markup.Escape(refused), Number(s.FramesDropped),
                Markup.Escape(s.Transport), Megabytes(s.WorkingSetBytes), TimeSpan.FromSeconds(Math.Floor(s.UptimeSeconds)).ToString("g", CultureInfo.InvariantCulture));
        }

        return table;
    }

    private static Table Tables(PartyStatus?[] parties)
    {
        Table table = NewTable(
            "Tables", "party", "table", "product", "shape", "words", "stock", "stock bytes", "budget", "tickets leased", "used", "refused", "version", "revision");
        foreach (PartyStatus s in parties.OfType<PartyStatus>())
        {
            foreach (TableStatus t in s.Tables)
            {
                table.AddRow(
                    Number(s.Party), Markup.Escape(t.Name), Markup.Escape(t.Product), $"{Number(t.Rows)} × {Number(t.Dimension)} {Markup.Escape(t.Element)}", Number(t.Words),
                    Number(t.StockItems), Number(t.StockBytes), Number(t.StockBudget), Number(t.TicketsLeased), Number(t.TicketsUsed),
                    Number(t.TicketsRefused), t.Version.ToString("N")[..8], Number(t.Revision));
            }
        }

        return table;
    }

    private static Table Collections(IReadOnlyList<CollectionDescription> collections)
    {
        Table table = NewTable("Collections", "collection", "vectors", "metric", "scores", "ids", "payloads", "records in a row", "neighbours in a list");
        foreach (CollectionDescription c in collections)
        {
            table.AddRow(
                Markup.Escape(c.Name), $"{Number(c.Count)} × {Markup.Escape(c.Layout.Vector.ToString())}", c.Metric.Name(), c.Scale.Whole ? "whole numbers" : "rounded",
                c.Layout.Ids.ToString().ToLowerInvariant(), c.Layout.Payloads.ToString().ToLowerInvariant(), Number(c.Layout.PerRow),
                c.Neighbours is null ? "none" : Number(c.NeighboursPerList));
        }

        return table;
    }

    private static Table Links(PartyStatus?[] parties)
    {
        Table table = NewTable(
            "Links", "party", "peer", "state", "connections opened", "failed", "frames refused", "frames in", "frames out", "bytes in", "bytes out");
        foreach (PartyStatus s in parties.OfType<PartyStatus>())
        {
            foreach (LinkStatus l in s.Links)
            {
                table.AddRow(
                    Number(s.Party), Number(l.Peer), l.Up ? "up" : "down", Number(l.ConnectionsOpened), Number(l.ConnectionsFailed),
                    Number(l.FramesRefused), Number(l.FramesIn), Number(l.FramesOut), Number(l.BytesIn), Number(l.BytesOut));
            }
        }

        return table;
    }

    private static Table Connections(PartyStatus?[] parties)
    {
        Table table = NewTable("Persistent connections", "party", "peer", "use", "state", "exchanges", "under way", "opened");
        foreach (PartyStatus s in parties.OfType<PartyStatus>())
        {
            foreach (LinkStatus l in s.Links)
            {
                foreach (ConnectionStatus c in l.Connections)
                {
                    table.AddRow(
                        Number(s.Party), Number(l.Peer), Markup.Escape(c.Use), c.State.ToString().ToLowerInvariant(), Number(c.Exchanges),
                        Number(c.UnderWay), Number(c.Opened));
                }
            }
        }

        return table;
    }

    private static string LaboratoryLine(int party, LaboratoryStatus slow)
    {
        string bandwidth = slow.LinkMegabitsPerSecond > 0 ? FormattableString.Invariant($", {slow.LinkMegabitsPerSecond} Mbit/s") : "";
        return FormattableString.Invariant($"LABORATORY: the links of party {party} are made slow: {slow.LinkDelayMs} ms one way{bandwidth}");
    }

    private static Table NewTable(string title, params string[] columns)
    {
        Table table = new Table().Title(title).Border(TableBorder.Rounded);
        table.AddColumns(columns);
        return table;
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:N0} MB");
}
