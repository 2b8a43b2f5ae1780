using Trident.Protocol.Sealing;
using Trident.Protocol.Sharing;
using Xunit;

namespace Trident.Protocol.Tests.Sealing;

public sealed class IdentityTests : IDisposable
{
    private static readonly Guid Deployment = new("11111111-2222-3333-4444-555555555555");
    private readonly string _directory = Directory.CreateTempSubdirectory("trident-identity-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void AnIdentityIsWrittenForItsOwnerOnlyAndReadBack()
    {
        string path = At("identity.json");
        using PartyIdentity made = PartyIdentity.Generate(2, Deployment);
        made.Save(path);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }

        using PartyIdentity read = PartyIdentity.Load(path);
        Assert.Equal((2, Deployment), (read.Party, read.Deployment));
        Assert.Equal(made.PublicKey, read.PublicKey);
        Assert.Contains("already", Assert.Throws<IdentityException>(() => made.Save(path)).Message, StringComparison.Ordinal);
        using PartyIdentity still = PartyIdentity.Load(path);
        Assert.Equal(made.PublicKey, still.PublicKey);
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    public void AnIdentityOpenToOthersIsRefused(UnixFileMode more)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        string path = At("identity.json");
        using PartyIdentity made = PartyIdentity.Generate(1, Deployment);
        made.Save(path);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | more);
        Assert.Contains("0600", Assert.Throws<IdentityException>(() => PartyIdentity.Load(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"party\": 2", "\"party\": 4", "party 4")]
    [InlineData("\"format\": 1", "\"format\": 9", "format 9")]
    [InlineData("\"privateKey\": \"", "\"privateKey\": \"AAAA", "35 bytes")]
    [InlineData("\"publicKey\": \"", "\"publicKey\": \"AAAA", "do not belong together")]
    [InlineData("\"publicKey\": \"", "\"publicKey\": \"!", "damaged")]
    [InlineData("{", "[", "damaged")]
    [InlineData("}", "", "damaged")]
    [InlineData("11111111-2222-3333-4444-555555555555", "00000000-0000-0000-0000-000000000000", "deployment")]
    public void ADamagedIdentityIsRefusedWithItsReason(string find, string replace, string expected)
    {
        string path = At("identity.json");
        using PartyIdentity made = PartyIdentity.Generate(2, Deployment);
        made.Save(path);
        string text = File.ReadAllText(path);
        Assert.Contains(find, text, StringComparison.Ordinal);
        File.WriteAllText(path, text.Replace(find, replace, StringComparison.Ordinal));
        Assert.Contains(expected, Assert.Throws<IdentityException>(() => PartyIdentity.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MissingFilesAndPartiesAreRefused()
    {
        Assert.Throws<IdentityException>(() => PartyIdentity.Load(At("none.json")));
        Assert.Throws<IdentityException>(() => PartyIdentity.Load(Path.Combine(At("none"), "identity.json")));
        Assert.Throws<IdentityException>(() => PartiesDescriptor.Load(At("parties.json")));
        Assert.Throws<IdentityException>(() => PartyIdentity.Generate(0, Deployment));
        Assert.Throws<IdentityException>(() => PartyIdentity.Generate(4, Deployment));
        File.WriteAllBytes(At("empty.json"), []);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(At("empty.json"), UnixFileMode.UserRead);
        }

        Assert.Throws<IdentityException>(() => PartyIdentity.Load(At("empty.json")));
    }

    [Fact]
    public void BothEndsOfAPairDeriveTheSameAndNoTwoPairsDo()
    {
        PartyIdentity[] all = [.. Enumerable.Range(1, 3).Select(p => PartyIdentity.Generate(p, Deployment))];
        PartiesDescriptor descriptor = Describe(all);
        PairKeys[] keys = [.. all.Select(i => i.DerivePairKeys(descriptor))];
        Assert.Equal(keys[0].With(2).ToArray(), keys[1].With(1).ToArray());
        Assert.Equal(keys[0].With(3).ToArray(), keys[2].With(1).ToArray());
        Assert.Equal(keys[1].With(3).ToArray(), keys[2].With(2).ToArray());
        Assert.Equal(3, new[] { keys[0].With(2).ToArray(), keys[0].With(3).ToArray(), keys[1].With(3).ToArray() }
            .Select(Convert.ToHexString).Distinct().Count());
    }

    [Fact]
    public void PairKeyOfFixedIdentities()
    {
        // Worked out with another implementation of X25519 and HKDF.
        using PartyIdentity one = new(1, Deployment, [.. Enumerable.Range(1, 32).Select(i => (byte)i)]);
        using PartyIdentity two = new(2, Deployment, [.. Enumerable.Range(101, 32).Select(i => (byte)i)]);
        using PartyIdentity three = PartyIdentity.Generate(3, Deployment);
        using PairKeys keys = two.DerivePairKeys(Describe([one, two, three]));
        Assert.Equal("d634a343ea70a433404a51b0e8d0d6a586788705c30ecb83946c4573ce21e57e", Convert.ToHexStringLower(keys.With(1)));
    }

    [Fact]
    public void PairKeysAreRefusedWhereTheDescriptionIsNotOfThisIdentity()
    {
        PartyIdentity[] all = [.. Enumerable.Range(1, 3).Select(p => PartyIdentity.Generate(p, Deployment))];
        PartiesDescriptor descriptor = Describe(all);
        using PartyIdentity impostor = PartyIdentity.Generate(1, Deployment);
        Assert.Contains("another public key", Refusal(() => impostor.DerivePairKeys(descriptor)), StringComparison.Ordinal);
        PartiesDescriptor elsewhere = descriptor with { Deployment = Guid.NewGuid() };
        Assert.Contains("deployment", Refusal(() => all[0].DerivePairKeys(elsewhere)), StringComparison.Ordinal);
        PartyEndpoint[] lowOrder = [.. descriptor.Parties];
        lowOrder[2] = lowOrder[2] with { PublicKey = Convert.ToBase64String(new byte[32]) };
        Assert.Contains("low order", Refusal(() => all[0].DerivePairKeys(descriptor with { Parties = lowOrder })), StringComparison.Ordinal);
    }

    [Fact]
    public void ADescriptionIsWrittenAndReadBackAndBadOnesAreNot()
    {
        PartiesDescriptor good = Describe([.. Enumerable.Range(1, 3).Select(p => PartyIdentity.Generate(p, Deployment))]);
        string path = At("parties.json");
        good.Save(path);
        good.Save(path);
        PartiesDescriptor read = PartiesDescriptor.Load(path);
        Assert.Equal(good.Parties, read.Parties);
        Assert.Equal((good.Format, good.Deployment), (read.Format, read.Deployment));
        Assert.Equal(good.Parties[1], read[2]);
        Assert.Throws<IdentityException>(() => read[4]);
        Assert.Equal([path], Directory.GetFiles(_directory));

        PartyEndpoint[] p = good.Parties;
        (PartiesDescriptor Bad, string Says)[] bad =
        [
            (good with { Format = 2 }, "Format 2"),
            (good with { Deployment = Guid.Empty }, "no id"),
            (good with { Parties = [p[0], p[1]] }, "three"),
            (good with { Parties = null! }, "three"),
            (good with { Parties = [p[0], p[1], null!] }, "three"),
            (good with { Parties = [p[0], p[1], p[1]] }, "no party 3"),
            (good with { Parties = [p[0], p[1], p[2] with { Host = " " }] }, "no host"),
            (good with { Parties = [p[0], p[1], p[2] with { SiloPort = 0 }] }, "port 0"),
            (good with { Parties = [p[0], p[1], p[2] with { ExchangePort = 65536 }] }, "port 65536"),
            (good with { Parties = [p[0], p[1], p[2] with { SiloPort = p[0].SiloPort }] }, "twice"),
            (good with { Parties = [p[0], p[1], p[2] with { PublicKey = p[0].PublicKey }] }, "another party's"),
            (good with { Parties = [p[0], p[1], p[2] with { PublicKey = "AAAA" }] }, "base64"),
            (good with { Parties = [p[0], p[1], p[2] with { PublicKey = "?" }] }, "base64"),
            (good with { Parties = [p[0], p[1], p[2] with { PublicKey = null! }] }, "base64"),
        ];
        foreach ((PartiesDescriptor descriptor, string says) in bad)
        {
            Assert.Contains(says, Refusal(descriptor.Validate), StringComparison.Ordinal);
        }

        File.WriteAllText(path, "{ \"format\": 1");
        Assert.Contains(path, Refusal(() => PartiesDescriptor.Load(path)), StringComparison.Ordinal);
        File.WriteAllText(path, "null");
        Assert.Contains("empty", Refusal(() => PartiesDescriptor.Load(path)), StringComparison.Ordinal);
    }

    internal static PartiesDescriptor Describe(PartyIdentity[] all) => new(
        PartiesDescriptor.CurrentFormat,
        all[0].Deployment,
        [.. all.Select(i => new PartyEndpoint(
            i.Party, "127.0.0.1", 11000 + i.Party, 12000 + i.Party, 13000 + i.Party, Convert.ToBase64String(i.PublicKey)))]);

    private static string Refusal(Action action) => Assert.Throws<IdentityException>(action).Message;

    private string At(string name) => Path.Combine(_directory, name);
}
