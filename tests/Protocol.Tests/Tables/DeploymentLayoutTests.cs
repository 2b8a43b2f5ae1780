using Trident.Protocol.Tables;
using Xunit;

namespace Trident.Protocol.Tests.Tables;

public class DeploymentLayoutTests
{
    private static readonly TableDescription Description =
        new("sift", Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), 10_000, new RecordShape(ElementKind.U8, 128));

    [Fact]
    public void Files_are_where_they_are_said_to_be()
    {
        var layout = new DeploymentLayout("d");
        Assert.Equal(Path.Combine("d", "parties.json"), layout.PartiesFile);
        Assert.Equal(Path.Combine("d", "party-2", "identity.json"), layout.IdentityFile(2));
        Assert.Equal(Path.Combine("d", "tables", "sift.json"), layout.DescriptionFile("sift"));
        Assert.Equal(
            Path.Combine("d", "party-3", "tables", "sift.00112233445566778899aabbccddeeff.share"),
            layout.ShareFile(3, "sift", Description.Version));
        Assert.Throws<ArgumentOutOfRangeException>(() => layout.PartyDirectory(4));
        Assert.Throws<TableException>(() => layout.DescriptionFile("../sift"));
    }

    [Fact]
    public void A_description_comes_back()
    {
        using var scratch = new Scratch();
        Description.Save(scratch.File("sift.json"));
        (Description with { Rows = 5 }).Save(scratch.File("sift.json"));
        Assert.Equal(Description with { Rows = 5 }, TableDescription.Load(scratch.File("sift.json")));
        Assert.Single(Directory.GetFiles(scratch.Root));
    }

    [Fact]
    public void An_unknown_table_is_refused_with_those_there_are()
    {
        using var scratch = new Scratch();
        Assert.Empty(scratch.Layout.Tables());
        Assert.Contains("no table was shared", Assert.Throws<TableException>(() => scratch.Layout.Table("x")).Message);
        Directory.CreateDirectory(scratch.Layout.TablesDirectory);
        Description.Save(scratch.Layout.DescriptionFile("sift"));
        (Description with { Name = "gist" }).Save(scratch.Layout.DescriptionFile("gist"));
        Assert.Contains("there are: gist, sift.", Assert.Throws<TableException>(() => scratch.Layout.Table("x")).Message);
        Assert.Equal(["gist", "sift"], scratch.Layout.Tables().Select(t => t.Name));
    }

    [Fact]
    public void A_description_under_another_name_is_refused()
    {
        using var scratch = new Scratch();
        Directory.CreateDirectory(scratch.Layout.TablesDirectory);
        Description.Save(scratch.Layout.DescriptionFile("gist"));
        Assert.Contains("describes the table 'sift'", Assert.Throws<TableException>(() => scratch.Layout.Table("gist")).Message);
    }

    [Theory]
    [InlineData("", "is not a table description")]
    [InlineData("null", "is not a table description")]
    [InlineData("{}", "is not a table description")]
    [InlineData("[1]", "is not a table description")]
    [InlineData("\"format\": 1|\"format\": 2", "of format 2")]
    [InlineData("\"u8\"|\"f2\"", "element kind 'f2'")]
    [InlineData("\"u8\"|\"7\"", "element kind '7'")]
    [InlineData("10000|0", "0 records")]
    [InlineData("10000|67108865", "67,108,865 records")]
    [InlineData("10000|67108864", "2,348,810,240 words")]
    [InlineData("128|0", "record of 0 elements")]
    [InlineData("\"sift\"|\"../s\"", "cannot be a table's name")]
    [InlineData("\"stock\"|\"barter\"", "product 'barter'")]
    [InlineData("00112233-4455-6677-8899-aabbccddeeff|00000000-0000-0000-0000-000000000000", "has no version")]
    [InlineData("\"rows\"|\"lines\"", "is not a table description")]
    public void A_bad_description_is_refused(string change, string part)
    {
        using var scratch = new Scratch();
        string path = scratch.File("sift.json");
        Description.Save(path);
        string[] halves = change.Split('|');
        File.WriteAllText(path, halves.Length == 2 ? File.ReadAllText(path).Replace(halves[0], halves[1]) : change);
        Assert.Contains(part, Assert.Throws<TableException>(() => TableDescription.Load(path)).Message);
    }
}
