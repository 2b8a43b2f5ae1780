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
    public void FreePortsLeaveRoomForNine()
    {
        int found = FreePorts.FindBase();
        Assert.InRange(found, 1024, 65535 - 32);
    }
}
