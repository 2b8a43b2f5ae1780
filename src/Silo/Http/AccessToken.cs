using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Trident.Silo.Http;

/// <summary>
/// The operator's token and the sessions opened with it. Kept is a hash, compared in fixed time. A browser's cookie holds a random
/// session and not the token, so what a cookie jar gives away ends with the session or with this process.
/// </summary>
public sealed class AccessToken(string token, TimeProvider? time = null)
{
    private const int SessionBytes = 32, MostSessions = 256;
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    private readonly byte[] _hash = Hash(token);
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly ConcurrentDictionary<string, long> _sessions = new();

    /// <summary>Whether this is the token.</summary>
    public bool Is(string? offered) => CryptographicOperations.FixedTimeEquals(Hash(offered ?? ""), _hash);

    /// <summary>Opens a session, when the token is right; null when it is not.</summary>
    public string? Open(string? offered)
    {
        if (!Is(offered))
        {
            return null;
        }

        foreach ((string old, long since) in _sessions.OrderByDescending(s => s.Value).Select((s, i) => (Session: s, Place: i))
            .Where(s => s.Place >= MostSessions - 1 || Over(s.Session.Value)).Select(s => (s.Session.Key, s.Session.Value)))
        {
            _sessions.TryRemove(KeyValuePair.Create(old, since));
        }

        string session = Convert.ToHexString(RandomNumberGenerator.GetBytes(SessionBytes));
        _sessions[Convert.ToHexString(Hash(session))] = _time.GetTimestamp();
        return session;
    }

    /// <summary>Whether the session was opened here and is not over. Sessions are found by their hash, so the look-up's time tells nothing of them.</summary>
    public bool IsOpen(string? session) => session is not null && _sessions.TryGetValue(Convert.ToHexString(Hash(session)), out long since) && !Over(since);

    /// <summary>Ends a session.</summary>
    public void Close(string? session) => _sessions.TryRemove(Convert.ToHexString(Hash(session ?? "")), out _);

    private bool Over(long since) => _time.GetElapsedTime(since) > Lifetime;

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
