namespace Trident.Client;

/// <summary>A party as this client sees it.</summary>
/// <param name="Party">1, 2 or 3.</param>
/// <param name="Up">Whether queries are sent to it.</param>
/// <param name="Reason">Why it is not up; null when it is.</param>
public sealed record PartyHealth(int Party, bool Up, string? Reason);

/// <summary>Whether the service is ready, and what is missing if it is not.</summary>
/// <param name="IsReady">All three parties are up, linked with one another, and hold stock for every table.</param>
/// <param name="Reason">What is missing; null when ready.</param>
public readonly record struct Readiness(bool IsReady, string? Reason);
