using Trident.Protocol.Collections;
using Trident.Protocol.Tables;
using Trident.Protocol.Tests.Tables;
using Xunit;
using Xunit.Abstractions;

namespace Trident.Collections.Tests;

/// <summary>The last step of sharing, and what is left when it fails or was cut off.</summary>
public sealed class CollectionCommitTests : IDisposable
{
    private readonly SharedWorld _world = new();
    private readonly Random _random;

    public CollectionCommitTests(ITestOutputHelper output)
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        _random = new Random(seed);
    }

    private DeploymentLayout Layout => _world.Scratch.Layout;

    public void Dispose() => _world.Dispose();

    [Fact]
    public void WhenTheLastStepFailsAllTablesAreTheOlderOnesAgain()
    {
        string vectors = Vectors(20);
        CollectionShareOptions options = new() { Neighbours = 3, Replace = true };
        _world.Share(vectors, options);

        // A directory in the description's place: the last rename fails, when all three tables are committed.
        File.Delete(Layout.CollectionFile("c"));
        Directory.CreateDirectory(Layout.CollectionFile("c"));
        string[] before = _world.Scratch.Snapshot();
        Assert.Contains("cannot be written", Assert.Throws<TableException>(() => _world.Share(vectors, options)).Message);
        Assert.Equal(before, _world.Scratch.Snapshot());
    }

    [Fact]
    public void ATableThatCannotBeUndoneKeepsItsSharesAndDoesNotStopTheOthers()
    {
        _world.Share(Vectors(20), new CollectionShareOptions());
        TableDescription records = Layout.Table("c.records");
        StagedTable first = Stage("c.scores"), second = Stage("c.records"), third = Stage("d.records");

        // The last is undone first.
        StagedTable[] staged = [third, second, first];
        Array.ForEach(staged, table => table.Commit());

        // What the older description of the scores would be put back from.
        string kept = Assert.Single(Directory.GetFiles(Layout.TablesDirectory, ".c.scores.*.json.tmp"));
        File.Delete(kept);
        TableException failed = CollectionCommit.LetGo(staged)!;
        Assert.Contains("'c.scores'", failed.Message);

        // The new scores are the table, whole; the records are the older ones, and the new table is gone.
        Assert.Equal(first.Description, Layout.Table("c.scores"));
        Assert.All([1, 2, 3], party => Assert.True(File.Exists(Layout.ShareFile(party, "c.scores", first.Description.Version))));
        Assert.Equal(records, Layout.Table("c.records"));
        Assert.All([1, 2, 3], party => Assert.False(File.Exists(Layout.ShareFile(party, "c.records", second.Description.Version))));
        Assert.Equal(["c.records", "c.scores"], Layout.Tables().Select(table => table.Name));

        // Whoever shares next puts it in order.
        _world.Share(Vectors(20), new CollectionShareOptions { Replace = true });
        Assert.Equal(6, _world.Scratch.Snapshot().Count(line => line.Contains(".share ")));
        Assert.DoesNotContain(_world.Scratch.Snapshot(), line => line.Contains(".tmp"));
    }

    [Fact]
    public void WhatAKilledSharingLeftIsSweptAndNothingOfOthers()
    {
        _world.Share(Vectors(20), new CollectionShareOptions());
        string ours = Path.Combine(Layout.CollectionsDirectory, $".c.{Guid.NewGuid():N}.json.tmp");
        string others = Path.Combine(Layout.CollectionsDirectory, $".cd.{Guid.NewGuid():N}.json.tmp");
        File.WriteAllText(ours, "");
        File.WriteAllText(others, "");
        _world.Share(Vectors(20), new CollectionShareOptions { Replace = true });
        Assert.False(File.Exists(ours));
        Assert.True(File.Exists(others));
    }

    [Fact]
    public void ListsThatAreNoLongerMadeGoAtAllPartiesAndThoseOfOthersStay()
    {
        string vectors = Vectors(20);
        _world.Share(vectors, new CollectionShareOptions { Neighbours = 3 }, "c-2");
        string[] others = [.. _world.Scratch.Snapshot().Where(line => !line.EndsWith('/'))];
        _world.Share(vectors, new CollectionShareOptions { Neighbours = 3 });
        _world.Share(vectors, new CollectionShareOptions { Replace = true });
        Assert.Equal(["c-2.neighbours", "c-2.records", "c-2.scores", "c.records", "c.scores"], Layout.Tables().Select(table => table.Name).Order(StringComparer.Ordinal));
        Assert.Equal(15, _world.Scratch.Snapshot().Count(line => line.Contains(".share ")));
        Assert.Empty(others.Except(_world.Scratch.Snapshot()));
    }

    [Fact]
    public void ListsThatCannotBeDeletedDoNotMakeTheSharingFail()
    {
        string vectors = Vectors(20);
        _world.Share(vectors, new CollectionShareOptions { Neighbours = 3 });

        // A directory in its place: what is deleted as a file cannot be.
        File.Delete(Layout.DescriptionFile("c.neighbours"));
        Directory.CreateDirectory(Layout.DescriptionFile("c.neighbours"));
        SharedCollection shared = _world.Share(vectors, new CollectionShareOptions { Replace = true });
        Assert.Equal(shared.Description, Assert.Single(Layout.Collections()));
        Assert.Empty(Directory.GetFiles(Layout.ShareDirectory(1), "c.neighbours.*"));
    }

    private StagedTable Stage(string table)
    {
        using MemoryVectors source = MemoryVectors.Random(_random, new RecordShape(ElementKind.U8, 4), 5);
        return TableSharer.Stage(Layout, Guid.NewGuid(), table, source, replace: true, null, CancellationToken.None);
    }

    private string Vectors(int count) =>
        _world.Scratch.Write("v.bvecs", Formats.Texmex(MemoryVectors.RandomRecords(_random, new RecordShape(ElementKind.U8, 4), count), 1));
}
