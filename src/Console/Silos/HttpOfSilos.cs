using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;

namespace Trident.Console.Silos;

/// <summary>The HTTP endpoints of the silos of <c>up</c>, all on loopback with one token.</summary>
/// <param name="basePort">Port of party 1; the others have the next.</param>
/// <param name="token">The operator's token; drawn at random when null.</param>
internal sealed class HttpOfSilos(int basePort, string? token)
{
    private const int TokenBytes = 32;
    private readonly string _token = token ?? Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));

    /// <summary>A silo's environment with its HTTP settings: a command line can be read by every user of the machine.</summary>
    public IReadOnlyDictionary<string, string> With(IReadOnlyDictionary<string, string> environment, int party) => new Dictionary<string, string>(environment)
    {
        ["Trident__Http__Port"] = (basePort + party - 1).ToString(CultureInfo.InvariantCulture),
        ["Trident__Http__Token"] = _token,
        ["Trident__Http__Dashboard"] = "true",
    };

    /// <summary>Prints the addresses, and the token when it was drawn here.</summary>
    public void Tell(CommandContext context)
    {
        for (int party = 1; party <= 3; party++)
        {
            context.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"party {party}: http://127.0.0.1:{basePort + party - 1}/"));
        }

        if (token is null)
        {
            context.Out.WriteLine($"token: {_token}");
        }
    }
}
