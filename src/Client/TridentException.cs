using Trident.Abstractions;

namespace Trident.Client;

/// <summary>A fetch, or a connection, that failed. The message says what was wrong and what to do.</summary>
public class TridentException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A row that the table does not have.</summary>
public sealed class RowOutOfRangeException(string message) : TridentException(message);

/// <summary>A table that the deployment does not have.</summary>
public sealed class UnknownTableException(string message) : TridentException(message);

/// <summary>A collection that the deployment does not have, or whose tables it does not have.</summary>
public sealed class UnknownCollectionException(string message) : TridentException(message);

/// <summary>Fewer than two parties answer: nothing can be opened.</summary>
public sealed class TooFewPartiesException(string message) : TridentException(message);

/// <summary>
/// Shares that contradict one another: a party lies, or is broken. The client does not try again by itself, so that a lie is
/// seen by whoever runs the application and is not covered by a later answer.
/// </summary>
public sealed class AnswerCheckException(string check, string message) : TridentException(message)
{
    /// <summary>Which check failed.</summary>
    public string Check { get; } = check;
}

/// <summary>The parties refused the query.</summary>
public sealed class QueryRefusedException(QueryFailureKind kind, string message) : TridentException(message)
{
    /// <summary>Why.</summary>
    public QueryFailureKind Kind { get; } = kind;
}

/// <summary>A change of a table was refused; no party has made it.</summary>
public sealed class PutRefusedException(PutFailureKind kind, string message) : TridentException(message)
{
    /// <summary>Why.</summary>
    public PutFailureKind Kind { get; } = kind;
}

/// <summary>It is not known whether a change of a table was made. All parties will make it, or none; the status shows their revisions.</summary>
public sealed class PutOutcomeUnknownException(string message) : TridentException(message);

/// <summary>The fetch was not done within <see cref="TridentClientOptions.Deadline"/>.</summary>
public sealed class DeadlineExceededException(string message) : TridentException(message);
