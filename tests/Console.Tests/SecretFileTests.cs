using Trident.Console.Text;
using Xunit;

namespace Trident.Console.Tests;

public sealed class SecretFileTests
{
    [Fact]
    public void ASecretIsGivenOrInAFileAndNotBoth()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "of the file\n");
            Assert.Null(SecretFile.Read("--http-token", null, null));
            Assert.Equal("given", SecretFile.Read("--http-token", "given", null));
            Assert.Equal("of the file", SecretFile.Read("--http-token", null, file));
            ConsoleException e = Assert.Throws<ConsoleException>(() => SecretFile.Read("--http-token", "given", file));
            Assert.Equal(CommandRunner.UsageError, e.ExitCode);
            Assert.Contains("--http-token-file", e.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }

        Assert.Contains("cannot be read", Assert.Throws<ConsoleException>(() => SecretFile.Read("--connection", null, file)).Message, StringComparison.Ordinal);
    }
}
