using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using Trident.Sql;

namespace Trident.Console.Commands;

/// <summary><c>trident sql apply|status</c>: the database in which silos find one another.</summary>
internal static class SqlCommand
{
    public static Command Create() => new("sql", "Prepare and look at the PostgreSQL database of the clustering.") { CreateApply(), CreateStatus() };

    private static Command CreateApply()
    {
        ConnectionOptions connection = new();
        Command command = new("apply", "Apply the scripts, in one transaction. Applying them again changes nothing.");
        connection.AddTo(command);
        command.Runs(async (parsed, context, stop) =>
        {
            await using ClusterDatabase database = Open(connection.Required(parsed));
            int before = await Schema.ApplyAsync(database, stop);
            context.Out.WriteLine(before == 0
                ? string.Create(CultureInfo.InvariantCulture, $"{database.Name}: prepared, schema version {Schema.Version}")
                : string.Create(CultureInfo.InvariantCulture, $"{database.Name}: schema version {Schema.Version}, was {before}"));
            return CommandRunner.Done;
        });
        return command;
    }

    private static Command CreateStatus()
    {
        ConnectionOptions connection = new();
        Option<bool> json = new("--json") { Description = "Print the result as JSON." };
        Command command = new("status", "Show schema version, roles, silos and what is up per party.") { json };
        connection.AddTo(command);
        command.Runs(async (parsed, context, stop) =>
        {
            await using ClusterDatabase database = Open(connection.Required(parsed));
            await Schema.RequireAsync(database, stop);
            List<RoleRow> roles = await ClusterView.RolesAsync(database, stop);
            List<PartyRow> parties = await ClusterView.PartiesAsync(database, stop);
            List<SiloRow> silos = await ClusterView.SilosAsync(database, stop);
            if (parsed.GetValue(json))
            {
                context.Out.WriteLine(CommandContext.Json(
                    new { Database = database.Name, SchemaVersion = Schema.Version, Roles = roles, Clusters = parties, Silos = silos }, indented: true));
                return CommandRunner.Done;
            }

            context.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{database.Name}: schema version {Schema.Version}"));
            Table table = NewTable("Roles", "role", "there", "members");
            roles.ForEach(r => table.AddRow(r.Role, r.Exists ? "yes" : "no", Markup.Escape(string.Join(", ", r.Members))));
            context.Results.Write(table);
            table = NewTable("Clusters", "cluster", "party", "state", "silos up", "since", "last heard");
            parties.ForEach(p => table.AddRow(Markup.Escape(p.Cluster), Number(p.Party), p.State, Number(p.SilosUp), Time(p.Since), Time(p.LastHeard)));
            context.Results.Write(table);
            table = NewTable("Silos", "cluster", "party", "silo", "address", "gateway", "status", "since", "last heard");
            silos.ForEach(s => table.AddRow(
                Markup.Escape(s.Cluster), s.Party is { } party ? Number(party) : "", Markup.Escape(s.Silo), Markup.Escape(s.Address), Markup.Escape(s.Gateway ?? ""),
                s.Status, Time(s.Since), Time(s.LastHeard)));
            context.Results.Write(table);
            return CommandRunner.Done;
        });
        return command;
    }

    private static ClusterDatabase Open(string connection) => new(connection, "trident-console");

    private static Table NewTable(string title, params string[] columns)
    {
        Table table = new Table().Title(title).Border(TableBorder.Rounded);
        table.AddColumns(columns);
        return table;
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Time(DateTime? time) => time?.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "";
}
