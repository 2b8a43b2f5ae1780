using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Trident.Protocol.Sharing;

namespace Trident.Protocol.Tables;

/// <summary>
/// The data owner's half: turns records into three share files, none of which tells anything about them. Streams: memory use does
/// not depend on the number of records, only on the size of one where that is more than a megabyte.
/// </summary>
public static class TableSharer
{
    // 1 MB of each of the record words and the three shares.
    private const int BlockWords = 1 << 18;

    /// <summary>
    /// Shares a table. All or nothing: three share files are written under temporary names, flushed and renamed, then the table's
    /// description is renamed over the older one, which is the moment at which the new version is the table. Older versions'
    /// shares are deleted after that. Whatever fails before it leaves the deployment as it was.
    /// </summary>
    /// <param name="layout">Where the deployment is.</param>
    /// <param name="deployment">The deployment's id; part of each share file.</param>
    /// <param name="name">The table's name.</param>
    /// <param name="source">The records; read from the first on, and not disposed.</param>
    /// <param name="replace">Whether a table of that name may exist, and is then replaced.</param>
    /// <param name="progress">Told how many records of how many are done; may be null.</param>
    /// <param name="ct">Stops the sharing; nothing is left behind.</param>
    /// <param name="product">The product that is to answer queries, <c>stock</c> or <c>beaver</c>.</param>
    /// <returns>The new table.</returns>
    /// <exception cref="TableException">
    /// Bad name or product, table exists and <paramref name="replace"/> is false, bad record, too large a table, disk full or not writable.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="ct"/> was cancelled before the table was in place.</exception>
    public static TableDescription Share(
        DeploymentLayout layout,
        Guid deployment,
        string name,
        IVectorSource source,
        bool replace,
        IProgress<(long Done, long Total)>? progress,
        CancellationToken ct,
        string product = TableDescription.StockProduct)
    {
        TableDescription.ValidateName(name);
        using StagedTable staged = Stage(layout, deployment, name, source, replace, progress, ct, product);
        ct.ThrowIfCancellationRequested();
        staged.Commit();
        staged.DeleteOlder();
        return staged.Description;
    }

    /// <summary>
    /// The first half of <see cref="Share"/>, for tables that are to change together: everything is written, and the table is what it was
    /// until <see cref="StagedTable.Commit"/>. The name may also be that of a collection's table.
    /// </summary>
    /// <inheritdoc cref="Share"/>
    /// <returns>What commits or undoes it.</returns>
    public static StagedTable Stage(
        DeploymentLayout layout,
        Guid deployment,
        string name,
        IVectorSource source,
        bool replace,
        IProgress<(long Done, long Total)>? progress,
        CancellationToken ct,
        string product = TableDescription.StockProduct)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(source);
        Elements.RequireLittleEndian();
        var description = new TableDescription(name, Guid.NewGuid(), source.Rows, source.Shape) { Product = product };
        description.Validate();
        StagedTable? staged = null;
        try
        {
            var writers = new List<ShareWriter>(3);
            string next = ShareWriter.TemporaryName(Path.Combine(layout.TablesDirectory, $"{name}.{description.Version:N}.json"));
            staged = new StagedTable(layout, description, new TableDirectories(layout, name), writers, next, replace);
            if (!replace && File.Exists(layout.DescriptionFile(name)))
            {
                throw Exists(name);
            }

            for (int party = 1; party <= 3; party++)
            {
                writers.Add(new ShareWriter(party, layout.ShareFile(party, name, description.Version), description, deployment));
            }

            WriteShares(description, source, writers, progress, ct);
            writers.ForEach(writer => writer.Complete());
            description.WriteTo(next);
            (StagedTable whole, staged) = (staged, null);
            return whole;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(layout, name, e);
        }
        finally
        {
            staged?.Dispose();
        }
    }

    /// <summary>What a failure of the disk is to the caller.</summary>
    internal static TableException Unwritable(DeploymentLayout layout, string name, Exception cause) =>
        new($"Table '{name}' cannot be written to '{layout.Directory}': {cause.Message}", cause);

    private static void WriteShares(
        TableDescription description,
        IVectorSource source,
        List<ShareWriter> writers,
        IProgress<(long Done, long Total)>? progress,
        CancellationToken ct)
    {
        int words = description.Words;
        int blockRows = Math.Clamp(BlockWords / words, 1, description.Rows);
        byte[] record = new byte[description.Shape.Bytes];
        uint[] packed = new uint[blockRows * words];
        uint[][] shares = [new uint[packed.Length], new uint[packed.Length], new uint[packed.Length]];
        try
        {
            source.Reset();
            for (int first = 0; first < description.Rows;)
            {
                ct.ThrowIfCancellationRequested();
                int count = Math.Min(blockRows, description.Rows - first);
                for (int row = 0; row < count; row++)
                {
                    if (!source.Next(record))
                    {
                        throw new TableException(
                            $"The records end before record {first + row} of {description.Rows:N0}. Nothing was shared; leave the file alone while it is read.");
                    }

                    Pack(description.Shape, first + row, record, packed.AsSpan(row * words, words));
                }

                int length = count * words;
                Shamir.Share(packed.AsSpan(0, length), shares[0].AsSpan(0, length), shares[1].AsSpan(0, length), shares[2].AsSpan(0, length));
                for (int party = 0; party < 3; party++)
                {
                    writers[party].Append(shares[party].AsSpan(0, length));
                }

                first += count;
                progress?.Report((first, description.Rows));
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(record);
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(packed.AsSpan()));
            foreach (uint[] share in shares)
            {
                CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(share.AsSpan()));
            }
        }
    }

    private static void Pack(RecordShape shape, int number, ReadOnlySpan<byte> record, Span<uint> words)
    {
        try
        {
            RecordPacking.Pack(shape, record, words);
        }
        catch (TableException e)
        {
            throw new TableException($"Record {number} cannot be shared: {e.Message}", e);
        }
    }

    private static TableException Exists(string name) =>
        new($"Table '{name}' already exists; pass --replace to put a new version in its place.");
}
