using System.Text;
using Trident.Protocol.Collections;
using Trident.Protocol.Tables;
using Trident.Protocol.Tests.Tables;
using Xunit;

namespace Trident.Protocol.Tests.Collections;

public sealed class CollectionDescriptionTests : IDisposable
{
    private static readonly CollectionDescription Good = new(
        "c", 10, ScoreScale.For(Metric.L2, ElementKind.F4, 3, 2.5), new RecordLayout(new RecordShape(ElementKind.F4, 3), IdKind.Text, 5, PayloadKind.Json, 9, 2),
        Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), 4);

    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void ComesBackAsItWasWritten()
    {
        foreach (CollectionDescription description in (CollectionDescription[])[Good, Good with { Neighbours = null, NeighboursPerList = 0 }])
        {
            string path = _scratch.File(Guid.NewGuid().ToString());
            description.WriteTo(path);
            Assert.Equal(description, CollectionDescription.Load(path));
        }
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"format\":1,\"collection\":null}")]
    [InlineData("{\"format\":1,\"collection\":{\"name\":\"c\",\"count\":10}}")]
    [InlineData("not json")]
    public void WhatIsNoDescriptionIsRefused(string text) =>
        Assert.Contains("is not a collection's description",
            Assert.Throws<TableException>(() => CollectionDescription.Load(_scratch.Write("d", Encoding.UTF8.GetBytes(text)))).Message);

    [Fact]
    public void FiguresThatNoCollectionHasAreRefused()
    {
        CollectionDescription[] bad =
        [
            Good with { Count = 0 }, Good with { NeighboursPerList = 10 }, Good with { NeighboursPerList = 0 }, Good with { Neighbours = null },
            Good with { Scores = Guid.Empty }, Good with { Scale = Good.Scale with { Data = double.NaN } }, Good with { Name = "a.b" },
            Good with { Name = new string('a', 53) }, Good with { Layout = Good.Layout with { PerRow = 3 } }, Good with { Layout = Good.Layout with { IdBytes = 257 } },
        ];
        Assert.All(bad, description => Assert.Throws<TableException>(description.Validate));
        (Good with { Name = new string('a', 52) }).Validate();
    }

    [Fact]
    public void RecordsComeBackAsTheyWereWritten()
    {
        RecordLayout layout = Good.Layout;
        byte[] vector = [.. Enumerable.Range(1, 12).Select(i => (byte)i)], record = new byte[layout.RecordBytes];
        layout.Write(vector, layout.EncodeId("äb"), "{\"a\":1}"u8, record);
        Assert.Equal(vector, layout.VectorOf(record).ToArray());
        Assert.Equal(("äb", "{\"a\":1}"), (layout.IdOf(record, 3), layout.PayloadOf(record)));

        RecordLayout whole = layout with { Ids = IdKind.Integer, IdBytes = 8, Payloads = PayloadKind.None, PayloadBytes = 0 };
        record = new byte[whole.RecordBytes];
        whole.Write(vector, whole.EncodeId("-7"), default, record);
        Assert.Equal(("-7", null), (whole.IdOf(record, 3), whole.PayloadOf(record)));
        Assert.Equal("3", (whole with { Ids = IdKind.Row, IdBytes = 0 }).IdOf(record, 3));
    }

    [Fact]
    public void ARecordThatIsTooLargeIsToldOf() =>
        Assert.Contains("Shorten the payloads", Assert.Throws<TableException>((Good.Layout with { PayloadBytes = 70_000 }).Validate).Message);

    [Theory]
    [InlineData(1, 128)]
    [InlineData(10_000, 128)]
    [InlineData(1_000_000, 128)]
    [InlineData(67_108_864, 4)]
    [InlineData(1_000, 65_536)]
    public void RowsFitATable(int count, int recordBytes)
    {
        int perRow = RecordLayout.BestPerRow(count, recordBytes);
        Assert.True(perRow >= 1 && (perRow & (perRow - 1)) == 0 && perRow * recordBytes <= RecordShape.MaxDimension);
        Assert.True(perRow <= Math.Max(1, count));
    }
}
