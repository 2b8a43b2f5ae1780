using Microsoft.Extensions.Time.Testing;
using Trident.Silo.Http;
using Xunit;

namespace Trident.Silo.Tests.Http;

public sealed class AccessTokenTests
{
    private const string Right = "an operator's token of some length";

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("an operator's token of some lengti")]
    [InlineData("an operator's token of some length ")]
    [InlineData("AN OPERATOR'S TOKEN OF SOME LENGTH")]
    public void What_is_not_the_token_opens_nothing(string? offered)
    {
        AccessToken token = new(Right);
        Assert.False(token.Is(offered));
        Assert.Null(token.Open(offered));
    }

    [Fact]
    public void A_session_is_not_the_token_and_ends_when_it_is_closed()
    {
        AccessToken token = new(Right);
        string first = token.Open(Right)!, second = token.Open(Right)!;
        Assert.NotEqual(first, second);
        Assert.DoesNotContain(Right, first, StringComparison.Ordinal);
        Assert.False(token.Is(first));
        token.Close(first);
        Assert.False(token.IsOpen(first));
        Assert.True(token.IsOpen(second));
        Assert.False(token.IsOpen(null));
        Assert.False(token.IsOpen(Right));
    }

    [Fact]
    public void A_session_ends_after_twelve_hours()
    {
        FakeTimeProvider clock = new();
        AccessToken token = new(Right, clock);
        string session = token.Open(Right)!;
        clock.Advance(TimeSpan.FromHours(12));
        Assert.True(token.IsOpen(session));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(token.IsOpen(session));
    }

    [Fact]
    public void The_oldest_sessions_make_room()
    {
        FakeTimeProvider clock = new();
        AccessToken token = new(Right, clock);
        string[] sessions = new string[300];
        for (int i = 0; i < sessions.Length; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            sessions[i] = token.Open(Right)!;
        }

        Assert.Equal(256, sessions.Count(token.IsOpen));
        Assert.False(token.IsOpen(sessions[0]));
        Assert.True(token.IsOpen(sessions[^1]));
    }
}
