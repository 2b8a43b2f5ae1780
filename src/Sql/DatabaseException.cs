using System.Net.Sockets;
using Npgsql;

namespace Trident.Sql;

/// <summary>What is wrong with the database; it decides whether waiting helps.</summary>
public enum DatabaseFault
{
    /// <summary>The connection string cannot be used.</summary>
    BadConnection,

    /// <summary>Nobody answers there, or not yet. Waiting may help.</summary>
    Unreachable,

    /// <summary>It answers and does not let this user do this.</summary>
    Refused,

    /// <summary>The tables of Trident are not there.</summary>
    NotPrepared,

    /// <summary>The tables are of a later version of Trident.</summary>
    TooNew,

    /// <summary>A statement failed for another reason.</summary>
    Failed,
}

/// <summary>The database cannot be used. The message holds what was wrong and what to do, and no password.</summary>
public sealed class DatabaseException(DatabaseFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The kind of fault.</summary>
    public DatabaseFault Fault { get; } = fault;

    /// <summary>Says what an exception of Npgsql means.</summary>
    /// <param name="where">Host, port and database, for the message.</param>
    /// <param name="exception">What was thrown.</param>
    internal static DatabaseException From(string where, Exception exception) => exception switch
    {
        PostgresException e => From(where, e),
        _ => new DatabaseException(DatabaseFault.Unreachable, $"The database {where} cannot be reached: {Reason(exception)}", exception),
    };

    private static DatabaseException From(string where, PostgresException e) => e.SqlState switch
    {
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
            new(DatabaseFault.Refused, $"The database {where} refuses the user: {e.MessageText}. Check user and password.", e),
        PostgresErrorCodes.InvalidCatalogName =>
            new(DatabaseFault.Refused, $"The database {where} does not exist: {e.MessageText}. Create it first.", e),
        PostgresErrorCodes.InsufficientPrivilege =>
            new(DatabaseFault.Refused, $"The database {where} does not allow this: {e.MessageText}. Use a user with that right; silos are members of trident_silo, "
                + "clients of trident_client, and the scripts are applied by the owner of the database, who may create roles.", e),
        PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedFunction =>
            new(DatabaseFault.NotPrepared, $"The database {where} has no tables of Trident ({e.MessageText}); prepare it with 'trident sql apply --connection …'.", e),

        // Starting, stopping, or full.
        PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.TooManyConnections or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown =>
            new(DatabaseFault.Unreachable, $"The database {where} takes no connections now: {e.MessageText}", e),
        _ => new(DatabaseFault.Failed, $"The database {where} reports an error ({e.SqlState}): {e.MessageText}", e),
    };

    private static string Reason(Exception exception)
    {
        Exception at = exception;
        while (at.InnerException is not null && at is not (SocketException or TimeoutException))
        {
            at = at.InnerException;
        }

        return at.Message;
    }
}
