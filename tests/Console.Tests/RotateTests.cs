using Trident.Console.Deployments;
using Trident.Protocol.Sealing;
using Trident.Protocol.Tables;
using Xunit;

namespace Trident.Console.Tests;

/// <summary><c>rotate</c>, and what it leaves when it is cut short.</summary>
public sealed class RotateTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("trident-console-").FullName;
    private readonly DeploymentLayout _layout;
    private readonly PartiesDescriptor _before;

    public RotateTests()
    {
        _layout = new DeploymentLayout(Path.Combine(_root, "deployment"));
        _before = DeploymentWriter.Write(_layout.Directory, ["a.example", "b.example", "c.example"], 21000);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task OnePartyGetsANewKeyAndNothingElseChanges()
    {
        byte[] old = File.ReadAllBytes(_layout.IdentityFile(2));
        (int code, string output, string error) = await RunAsync("rotate", _layout.Directory, "--party", "2");
        Assert.True(code == 0, error);

        PartiesDescriptor after = PartiesDescriptor.Load(_layout.PartiesFile);
        Assert.NotEqual(_before[2].PublicKey, after[2].PublicKey);
        Assert.Contains(after[2].PublicKey, output);
        Assert.Equal((_before.Deployment, _before.Owner, _before[1], _before[3]), (after.Deployment, after.Owner, after[1], after[3]));
        Assert.Equal(_before[2], after[2] with { PublicKey = _before[2].PublicKey });
        Assert.Equal(old, File.ReadAllBytes(Path.Combine(_layout.PartyDirectory(2), "identity.previous.json")));
        ExpectPairs(after);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_layout.IdentityFile(2)));
        }
    }

    [Fact]
    public void PartiesThatKeepTheOldDescriptionShareNoSecretWithTheNewKey()
    {
        new IdentityRotation(_layout, 2).Run();
        using PartyIdentity first = PartyIdentity.Load(_layout.IdentityFile(1));
        using PartyIdentity second = PartyIdentity.Load(_layout.IdentityFile(2));
        Assert.NotEqual(
            Convert.ToHexString(first.DerivePairKeys(_before).With(2)),
            Convert.ToHexString(second.DerivePairKeys(PartiesDescriptor.Load(_layout.PartiesFile)).With(1)));
        Assert.Throws<IdentityException>(() => second.DerivePairKeys(_before));
    }

    [Fact]
    public void ASecondRotationWaitsUntilTheOldIdentityIsDeleted()
    {
        IdentityRotation rotation = new(_layout, 1);
        string first = rotation.Run();
        ConsoleException e = Assert.Throws<ConsoleException>(() => rotation.Run());
        Assert.Contains(rotation.PreviousFile, e.Message);
        Assert.Equal(first, PartiesDescriptor.Load(_layout.PartiesFile)[1].PublicKey);

        File.Delete(rotation.PreviousFile);
        Assert.NotEqual(first, rotation.Run());
        ExpectPairs(PartiesDescriptor.Load(_layout.PartiesFile));
    }

    /// <summary>Puts the files back to where a rotation may have been cut short, and runs it again.</summary>
    /// <param name="described">Whether parties.json names the new key already.</param>
    /// <param name="setAside">Whether the old identity is out of the way already.</param>
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void ARotationThatWasCutShortIsFinishedWithTheSameKey(bool described, bool setAside)
    {
        IdentityRotation rotation = new(_layout, 3);
        string key = rotation.Run();
        File.Move(_layout.IdentityFile(3), rotation.NextFile);
        if (!setAside)
        {
            File.Move(rotation.PreviousFile, _layout.IdentityFile(3));
        }

        if (!described)
        {
            _before.Save(_layout.PartiesFile);
        }

        Assert.Equal(key, rotation.Run());
        Assert.False(File.Exists(rotation.NextFile));
        Assert.True(File.Exists(rotation.PreviousFile));
        ExpectPairs(PartiesDescriptor.Load(_layout.PartiesFile));
    }

    [Fact]
    public async Task AMachineWithoutThePartyIsLeftAsItWas()
    {
        Directory.Delete(_layout.PartyDirectory(2), recursive: true);
        byte[] parties = File.ReadAllBytes(_layout.PartiesFile);
        (int code, _, string error) = await RunAsync("rotate", _layout.Directory, "--party", "2");
        Assert.Equal(1, code);
        Assert.Contains("There is no identity at", error);
        Assert.Contains("--lost", error);
        Assert.Equal(parties, File.ReadAllBytes(_layout.PartiesFile));
        Assert.False(Directory.Exists(_layout.PartyDirectory(2)));
    }

    [Fact]
    public async Task ALostIdentityIsReplacedWhenToldAndAPresentOneIsNot()
    {
        (int code, _, string error) = await RunAsync("rotate", _layout.Directory, "--party", "2", "--lost");
        Assert.Equal(1, code);
        Assert.Contains("is not lost", error);
        Assert.Equal(_before[2], PartiesDescriptor.Load(_layout.PartiesFile)[2]);

        Directory.Delete(_layout.PartyDirectory(2), recursive: true);
        (code, string output, error) = await RunAsync("rotate", _layout.Directory, "--party", "2", "--lost");
        Assert.True(code == 0, error);
        Assert.DoesNotContain("previous", output);
        ExpectPairs(PartiesDescriptor.Load(_layout.PartiesFile));
    }

    [Fact]
    public void ADescriptionOfAnotherTimeIsRefused()
    {
        new IdentityRotation(_layout, 2).Run();
        _before.Save(_layout.PartiesFile);
        File.Delete(new IdentityRotation(_layout, 2).PreviousFile);
        ConsoleException e = Assert.Throws<ConsoleException>(() => new IdentityRotation(_layout, 2).Run());
        Assert.Contains("another time", e.Message);
        Assert.Single(Directory.GetFiles(_layout.PartyDirectory(2)));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("4")]
    public async Task AnotherNumberThanAPartysIsAUsageError(string party)
    {
        (int code, _, string error) = await RunAsync("rotate", _layout.Directory, "--party", party);
        Assert.Equal(2, code);
        Assert.Contains("--party", error);
    }

    // Each two parties derive the same secret from the description.
    private void ExpectPairs(PartiesDescriptor parties)
    {
        for (int a = 1; a <= 3; a++)
        {
            for (int b = a + 1; b <= 3; b++)
            {
                using PartyIdentity first = PartyIdentity.Load(_layout.IdentityFile(a));
                using PartyIdentity second = PartyIdentity.Load(_layout.IdentityFile(b));
                Assert.Equal(Convert.ToHexString(first.DerivePairKeys(parties).With(b)), Convert.ToHexString(second.DerivePairKeys(parties).With(a)));
            }
        }
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int code = await TridentCommandLine.RunAsync(args, output, error);
        return (code, output.ToString(), error.ToString());
    }
}
