using Trident.Collections.Files;
using Trident.Protocol.Collections;
using Trident.Protocol.Field;
using Trident.Protocol.Sharing;
using Trident.Protocol.Tables;
using Trident.Protocol.Tests.Tables;

namespace Trident.Collections.Tests;

/// <summary>A deployment of one test, and what its parties together would know.</summary>
internal sealed class SharedWorld : IDisposable
{
    private readonly Guid _deployment = Guid.NewGuid();

    public Scratch Scratch { get; } = new();

    public SharedCollection Share(string file, CollectionShareOptions options, string name = "c", IProgress<CollectionProgress>? progress = null, CancellationToken ct = default)
    {
        using VectorOpener vectors = VectorOpener.Open(file);
        return CollectionSharer.Share(Scratch.Layout, _deployment, name, vectors.Source, options, progress, ct);
    }

    /// <summary>A table's words, opened from the files of parties 1 and 2, and of 3 for the check.</summary>
    public uint[][] Open(string table)
    {
        TableDescription description = Scratch.Layout.Table(table);
        uint[][] shares = [.. Enumerable.Range(1, 3).Select(party =>
        {
            using ShareFile file = ShareFile.Open(Scratch.Layout.ShareFile(party, table, description.Version), party, expectedDeployment: _deployment);
            return file.Matrix.ToArray();
        })];
        uint[] opened = new uint[shares[0].Length];
        for (int i = 0; i < opened.Length; i++)
        {
            // The constant term of the line through the shares at 1 and 2; the share at 3 lies on it.
            opened[i] = Mod(2L * shares[0][i] - shares[1][i]);
            if (shares[2][i] != Mod(2L * shares[1][i] - shares[0][i]))
            {
                throw new InvalidOperationException($"The shares of word {i} are not on a line.");
            }
        }

        return [.. opened.Chunk(description.Words)];
    }

    /// <summary>A table's records, opened.</summary>
    public byte[][] Records(string table)
    {
        RecordShape shape = Scratch.Layout.Table(table).Shape;
        return [.. Open(table).Select(words =>
        {
            byte[] record = new byte[shape.Bytes];
            RecordPacking.Unpack(shape, words, record);
            return record;
        })];
    }

    public void Dispose() => Scratch.Dispose();

    private static uint Mod(long value) => (uint)(((value % Mersenne31.P) + Mersenne31.P) % Mersenne31.P);
}
