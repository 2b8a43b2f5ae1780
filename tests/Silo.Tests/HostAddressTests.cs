using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Trident.Silo.Tests;

/// <summary>Which address of a host the membership is told, from answers that a resolver might give.</summary>
public sealed class HostAddressTests
{
    [Theory]
    [InlineData("0.0.0.0", "192.0.2.7", "192.0.2.7")]
    [InlineData("0.0.0.0", "2001:db8::7 192.0.2.7", "192.0.2.7")]
    [InlineData("::", "192.0.2.7 2001:db8::7", "2001:db8::7")]
    [InlineData("0.0.0.0", "127.0.1.1 192.0.2.7", "192.0.2.7")]
    [InlineData("127.0.0.1", "127.0.1.1 192.0.2.7", "127.0.1.1")]
    public async Task The_first_that_the_others_can_reach(string listen, string found, string address) =>
        Assert.Equal(IPAddress.Parse(address), await For(listen, found).OfAsync("a.example", CancellationToken.None));

    [Theory]
    [InlineData("0.0.0.0", "127.0.1.1", "127.0.1.1")]
    [InlineData("::", "::1", "::1")]
    [InlineData("0.0.0.0", "2001:db8::7", "other family")]
    public async Task One_that_they_cannot_is_refused(string listen, string found, string word)
    {
        StartException e = await Assert.ThrowsAsync<StartException>(() => For(listen, found).OfAsync("a.example", CancellationToken.None));
        Assert.Equal(StartException.BadConfiguration, e.ExitCode);
        Assert.Contains("a.example", e.Message, StringComparison.Ordinal);
        Assert.Contains(word, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_an_address_is_not_asked_for()
    {
        HostAddress addresses = new(IPAddress.Any, TimeSpan.Zero, (_, _) => throw new InvalidOperationException());
        Assert.Equal(IPAddress.Loopback, await addresses.OfAsync("127.0.0.1", CancellationToken.None));
    }

    [Fact]
    public async Task A_name_that_is_not_known_yet_is_asked_for_again()
    {
        int asked = 0;
        HostAddress addresses = new(IPAddress.Any, TimeSpan.FromMinutes(5), (_, _) =>
            ++asked < 3 ? throw new SocketException((int)SocketError.TryAgain) : Task.FromResult<IPAddress[]>([IPAddress.Parse("192.0.2.7")]));
        Assert.Equal(IPAddress.Parse("192.0.2.7"), await addresses.OfAsync("a.example", CancellationToken.None));
        Assert.Equal(3, asked);
    }

    [Fact]
    public async Task One_that_stays_unknown_has_a_code_that_a_service_is_started_again_after()
    {
        HostAddress addresses = new(IPAddress.Any, TimeSpan.Zero, (_, _) => throw new SocketException((int)SocketError.HostNotFound));
        StartException e = await Assert.ThrowsAsync<StartException>(() => addresses.OfAsync("a.example", CancellationToken.None));
        Assert.Equal(StartException.HostUnknown, e.ExitCode);
        Assert.Contains("a.example", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_told_to_stop_asks_no_more()
    {
        using CancellationTokenSource stop = new();
        HostAddress addresses = new(IPAddress.Any, TimeSpan.FromMinutes(5), (_, _) =>
        {
            stop.Cancel();
            throw new SocketException((int)SocketError.TryAgain);
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => addresses.OfAsync("a.example", stop.Token));
    }

    private static HostAddress For(string listen, string found) =>
        new(IPAddress.Parse(listen), TimeSpan.Zero, (_, _) => Task.FromResult<IPAddress[]>([.. found.Split(' ').Select(IPAddress.Parse)]));
}
