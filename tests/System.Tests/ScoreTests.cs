using System.Diagnostics;
using System.Runtime.InteropServices;
using Trident.Client;
using Trident.Protocol.Tables;
using Xunit;
using Xunit.Abstractions;

namespace Trident.System.Tests;

/// <summary>A wide score table on three real silos: answers in several parts, every word compared with the plain product.</summary>
public sealed class ScoreTests(ITestOutputHelper output)
{
    private const ulong P = 0x7fffffff;
    private const int Rows = 21;
    private const int Columns = 700_000;

    [Fact]
    public async Task Scores_are_right_in_several_parts_at_concurrency_and_without_a_party()
    {
        await using TestDeployment deployment = new() { Grace = TimeSpan.FromSeconds(20) };
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        Scores plain = new(seed);
        using (StagedTable staged = TableSharer.Stage(deployment.Layout, deployment.Id, "wide.scores", plain, false, null, CancellationToken.None))
        {
            staged.Commit();
            staged.DeleteOlder();
        }

        await deployment.StartAsync();
        await using TridentClient client = await deployment.ConnectAsync();
        Readiness readiness = await client.WaitReadyAsync(TimeSpan.FromSeconds(60));
        Assert.True(readiness.IsReady, readiness.Reason);
        TableDescription table = client.Tables.Single(t => t.Name == "wide.scores");
        await Assert.ThrowsAsync<UnknownTableException>(() => client.FetchAsync("wide.scores", 3));

        await Parallel.ForEachAsync(Enumerable.Range(0, 16), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, ct) =>
        {
            ScoreAnswer answer = await Until.SoAsync(() => AskAsync(client, table, plain, seed + i, count: 1, ct), a => a.Verified);
            output.WriteLine($"{answer.Latency.TotalMilliseconds:0} ms, at party 1 select {answer.Phases[0].KeyEvaluationMs:0.0}, mask {answer.Phases[0].MaskingMs:0.0}, exchange {answer.Phases[0].ExchangeMs:0.0}, answer {answer.Phases[0].ReconstructionMs:0.0}");
        });
        foreach (int party in (int[])[1, 2, 3])
        {
            using Process silo = Process.GetProcessById(deployment.Silo(party).Id);
            output.WriteLine($"party {party} at most {File.ReadLines($"/proc/{silo.Id}/status").First(l => l.StartsWith("VmHWM", StringComparison.Ordinal))}");
        }

        // Other tables of the same parties are asked as before, and a silo that is gone leaves two to answer.
        Assert.Equal(deployment.Plain[7], (await client.FetchAsync("vectors", 7)).Records[0]);
        await FullAsync(client, table);
        await deployment.Silo(3).KillAsync();
        ScoreAnswer two = await AskAsync(client, table, plain, seed + 100, 1, CancellationToken.None);
        Assert.False(two.Verified);
    }

    /// <summary>Waits until stock is as full as it gets at rest: once a party is gone, none is made.</summary>
    private static Task FullAsync(TridentClient client, TableDescription table) =>
        Until.SoAsync(async () => (await client.StatusAsync()).All(s => s?.Tables.Single(t => t.Version == table.Version).StockItems >= 10));

    private static async Task<ScoreAnswer> AskAsync(TridentClient client, TableDescription table, Scores plain, int seed, int count, CancellationToken cancellationToken)
    {
        Random random = new(seed);
        uint[][] vectors = [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, Rows).Select(_ => (uint)random.Next((int)P)).ToArray())];
        ScoreAnswer answer = await client.Fetcher.ScoreAsync(table, vectors, cancellationToken);
        Assert.Equal(count * Columns, answer.Words.Length);
        for (int i = 0; i < count; i++)
        {
            for (int c = 0; c < Columns; c++)
            {
                ulong sum = 0;
                for (int r = 0; r < Rows; r++)
                {
                    sum = (sum + (ulong)vectors[i][r] * plain.Words[r][c]) % P;
                }

                if (sum != answer.Words[i * Columns + c])
                {
                    Assert.Fail($"score {c} of vector {i} is {answer.Words[i * Columns + c]}, not {sum}");
                }
            }
        }

        return answer;
    }

    private sealed class Scores : IVectorSource
    {
        private int _next;

        public Scores(int seed)
        {
            Random random = new(seed);
            Words = [.. Enumerable.Range(0, Rows).Select(_ => Enumerable.Range(0, Columns).Select(_ => (uint)random.Next((int)P)).ToArray())];
        }

        public uint[][] Words { get; }

        int IVectorSource.Rows => Rows;

        public RecordShape Shape => new(ElementKind.Word, Columns);

        public bool Next(Span<byte> record)
        {
            if (_next == Rows)
            {
                return false;
            }

            MemoryMarshal.AsBytes(Words[_next++].AsSpan()).CopyTo(record);
            return true;
        }

        public void Reset() => _next = 0;

        public void Dispose()
        {
        }
    }
}
