using Trident.Console.Deployments;
using Trident.Console.Silos;
using Xunit;

namespace Trident.Console.Tests;

public class SiloProcessTests
{
    [Fact]
    public async Task ASiloThatEndsAtStartTellsWhyAndKeepsItsExitCode()
    {
        string directory = Directory.CreateTempSubdirectory("trident-console-").FullName;
        try
        {
            string missing = Path.Combine(directory, "Trident.Silo.dll");
            await using SiloProcess silo = SiloProcess.Start(missing, directory, 2, []);
            ConsoleException e = await Assert.ThrowsAsync<ConsoleException>(() => silo.WaitReadyAsync(TimeSpan.FromMinutes(1), default));
            Assert.NotEqual(0, e.ExitCode);
            Assert.Equal(await silo.Exit, e.ExitCode);
            Assert.Contains("party 2", e.Message);
            Assert.NotEmpty(silo.LastWords());
            Assert.EndsWith(silo.LastWords(), e.Message);
            Assert.Equal(Path.Combine(directory, "logs", "party-2.log"), silo.LogFile);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task APublishedSiloIsStartedAsItIs()
    {
        string directory = Directory.CreateTempSubdirectory("trident-console-").FullName;
        try
        {
            // A program that prints its arguments and ends: what matters is that it runs without a host of .NET.
            string program = Path.Combine(directory, SiloBinary.Published);
            await File.WriteAllTextAsync(program, "#!/bin/sh\necho \"$@\"\nexit 4\n");
            if (OperatingSystem.IsWindows())
            {
                return;
            }

            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            await using SiloProcess silo = SiloProcess.Start(SiloBinary.Find(directory, null), directory, 3, ["--Trident:Grace=1"]);
            Assert.Equal(4, await silo.Exit);
            Assert.Equal($"--deployment {directory} --party 3 --Trident:StopAtEndOfInput=true --Trident:Grace=1", silo.LastWords());
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void TheSiloIsWhatTheVariableNamesOrWhatIsPublishedBeside()
    {
        string directory = Directory.CreateTempSubdirectory("trident-console-").FullName;
        try
        {
            string published = Path.Combine(directory, SiloBinary.Published);
            Assert.Contains(SiloBinary.Published, Assert.Throws<ConsoleException>(() => SiloBinary.Find(directory, null)).Message);
            File.WriteAllText(published, "");
            Assert.Equal(published, SiloBinary.Find(directory, ""));

            string other = Path.Combine(directory, "other.dll");
            Assert.Contains(other, Assert.Throws<ConsoleException>(() => SiloBinary.Find(directory, other)).Message);
            File.WriteAllText(other, "");
            Assert.Equal(other, SiloBinary.Find(directory, other));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void FreePortsLeaveRoomForNine()
    {
        int found = FreePorts.FindBase();
        Assert.InRange(found, 1024, 65535 - 32);
    }
}
