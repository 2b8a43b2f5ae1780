using Xunit;

namespace Trident.Console.Tests;

public sealed class OutputFileTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("trident-console-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("has to end with .png", "picture.jpg")]
    [InlineData("has to end with .png", "picture")]
    [InlineData("its directory does not exist", "none/picture.png")]
    [InlineData("it is a directory", "taken.png")]
    public async Task ThePictureOfTheDemoIsRefusedBeforeAnythingIsMade(string message, string picture)
    {
        Directory.CreateDirectory(Path.Combine(_root, "taken.png"));
        StringWriter output = new(), error = new();
        int code = await TridentCommandLine.RunAsync(["demo", "--generated", "--picture", Path.Combine(_root, picture)], output, error);
        Assert.Equal(1, code);
        Assert.Contains(message, error.ToString());
        Assert.Empty(output.ToString());
    }

    [Fact]
    public void AFileIsReplacedWholeAndNothingElseIsLeft()
    {
        string path = Path.Combine(_root, "a.png");
        OutputFile.MustBeWritable(path, ".png");
        Assert.Empty(Directory.GetFiles(_root));
        OutputFile.Write(path, [1, 2, 3]);
        OutputFile.Write(path, [4]);
        Assert.Equal([4], File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFiles(_root));

        // A failure leaves what was there: a directory cannot be replaced by a file.
        string directory = Directory.CreateDirectory(Path.Combine(_root, "d")).FullName;
        Assert.ThrowsAny<Exception>(() => OutputFile.Write(directory, [1]));
        Assert.Equal([path], Directory.GetFiles(_root));
    }
}
