using System.Net;
using Trident.Silo.Http;
using Xunit;

namespace Trident.Silo.Tests.Http;

public sealed class HttpSettingsTests
{
    private const string Token = "0123456789abcdef0123456789abcdef";

    [Fact]
    public void Off_unless_a_port_is_set()
    {
        Assert.Null(new HttpSettings().Check(out IPAddress listen));
        Assert.True(IPAddress.IsLoopback(listen));
        Assert.Null(new HttpSettings { Token = Token }.Check(out _));
    }

    [Fact]
    public void On_loopback_without_a_token_and_elsewhere_with_one()
    {
        Assert.Null(new HttpSettings { Port = 9101 }.Check(out _));
        Assert.True(new HttpSettings { Port = 9101, Listen = "0.0.0.0", Token = Token }.Check(out IPAddress listen)!.Is(Token));
        Assert.Equal(IPAddress.Any, listen);
    }

    [Fact]
    public void The_token_of_a_file_is_read_without_its_last_line_end()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, Token + "\n");
            Assert.True(new HttpSettings { Port = 9101, TokenFile = file }.Check(out _)!.Is(Token));
            Refused(new HttpSettings { Port = 9101, TokenFile = file, Token = Token }, "both given");
            File.WriteAllText(file, "\n");
            Refused(new HttpSettings { Port = 9101, TokenFile = file }, "is empty");
        }
        finally
        {
            File.Delete(file);
        }

        Refused(new HttpSettings { Port = 9101, TokenFile = file }, "cannot be read");
    }

    [Fact]
    public void An_empty_setting_is_none()
    {
        Assert.Null(new HttpSettings { Port = 9101, TokenFile = "", Token = " ", Otlp = "" }.Check(out _));
        Assert.True(new HttpSettings { Port = 9101, TokenFile = "", Token = Token }.Check(out _)!.Is(Token));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(65536)]
    public void A_port_out_of_range_is_refused(int port) => Refused(new HttpSettings { Port = port }, "it may be 1 to 65535");

    [Fact]
    public void What_would_show_the_party_to_strangers_is_refused()
    {
        Refused(new HttpSettings { Port = 9101, Listen = "0.0.0.0" }, "needs a token");
        Refused(new HttpSettings { Port = 9101, Listen = "::" }, "needs a token");
        Refused(new HttpSettings { Port = 9101, Dashboard = true }, "dashboard needs a token");
        Refused(new HttpSettings { Port = 9101, Token = "short" }, "has 5 characters");
    }

    [Fact]
    public void What_cannot_work_is_refused()
    {
        Refused(new HttpSettings { Port = 9101, Listen = "everywhere" }, "no address to listen on");
        Refused(new HttpSettings { Dashboard = true, Token = Token }, "there is no HTTP");
        Refused(new HttpSettings { Otlp = "collector:4317" }, "no address of a collector");
        Refused(new HttpSettings { Otlp = "http://collector:4317", OtlpProtocol = "carrier pigeon" }, "no OTLP protocol");
    }

    private static void Refused(HttpSettings settings, string because)
    {
        StartException refusal = Assert.Throws<StartException>(() => settings.Check(out _));
        Assert.Contains(because, refusal.Message, StringComparison.Ordinal);
        if (settings.Token is { } token)
        {
            Assert.DoesNotContain(token, refusal.Message, StringComparison.Ordinal);
        }
    }
}
