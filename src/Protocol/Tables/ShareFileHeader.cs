using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Trident.Protocol.Tables;

/// <summary>
/// The first page of a share file. Little endian; ids as their 16 bytes in the order in which they are printed.
/// <code>
///    0  8  magic "TRIDSHRE"          60   1  element kind
///    8  4  format version (1)        61   1  product (1 = stock,
///   12  4  header size (4096)                2 = beaver)
///   16 16  deployment id             62   2  zero
///   32 16  table version id          64   4  words of a record
///   48  4  party                     68   4  zero
///   52  4  rows                      72   8  payload bytes
///   56  4  dimension                 80  32  SHA-256 of the payload
///                                   112  64  name, ASCII, zero padded
///  176     zero                    4064  32  SHA-256 of bytes 0 to 4063
/// </code>
/// The checksums find damage, not malice: whoever can write a party's share file can also write its checksums.
/// </summary>
internal sealed record ShareFileHeader(TableDescription Description, int Party, Guid Deployment, byte[] PayloadChecksum)
{
    /// <summary>Bytes of the header: one page, so that the matrix is page aligned in the map.</summary>
    public const int Size = 4096;

    private const uint FormatVersion = 1;
    private const byte StockProduct = 1;
    private const byte BeaverProduct = 2;
    private const int ChecksumAt = Size - SHA256.HashSizeInBytes;
    private const int NameAt = 112;
    private const int NameBytes = 64;

    private static ReadOnlySpan<byte> Magic => "TRIDSHRE"u8;

    /// <summary>Bytes of the matrix.</summary>
    public long PayloadBytes => (long)Description.Rows * Description.Words * sizeof(uint);

    /// <summary>Writes the header.</summary>
    /// <param name="page">Exactly <see cref="Size"/> bytes.</param>
    public void Write(Span<byte> page)
    {
        page.Clear();
        Magic.CopyTo(page);
        BinaryPrimitives.WriteUInt32LittleEndian(page[8..], FormatVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(page[12..], Size);
        _ = Deployment.TryWriteBytes(page[16..32], bigEndian: true, out _);
        _ = Description.Version.TryWriteBytes(page[32..48], bigEndian: true, out _);
        BinaryPrimitives.WriteInt32LittleEndian(page[48..], Party);
        BinaryPrimitives.WriteInt32LittleEndian(page[52..], Description.Rows);
        BinaryPrimitives.WriteInt32LittleEndian(page[56..], Description.Shape.Dimension);
        page[60] = (byte)Description.Shape.Element;
        page[61] = Description.Product == TableDescription.BeaverProduct ? BeaverProduct : StockProduct;
        BinaryPrimitives.WriteInt32LittleEndian(page[64..], Description.Words);
        BinaryPrimitives.WriteInt64LittleEndian(page[72..], PayloadBytes);
        PayloadChecksum.CopyTo(page[80..]);
        _ = Encoding.ASCII.GetBytes(Description.Name, page.Slice(NameAt, NameBytes));
        _ = SHA256.HashData(page[..ChecksumAt], page[ChecksumAt..]);
    }

    /// <summary>Reads a header.</summary>
    /// <param name="page">The first bytes of the file: <see cref="Size"/> of them, fewer when the file is shorter.</param>
    /// <param name="path">For messages.</param>
    /// <exception cref="TableException">Not a share file, cut short, of an unknown version, or damaged.</exception>
    public static ShareFileHeader Parse(ReadOnlySpan<byte> page, string path)
    {
        if (page.IsEmpty)
        {
            throw new TableException($"Share file '{path}' is empty. Copy it again, or share the table again.");
        }

        int compared = Math.Min(page.Length, Magic.Length);
        if (!page[..compared].SequenceEqual(Magic[..compared]))
        {
            throw new TableException($"'{path}' is not a share file. Share files are made by sharing a table.");
        }

        if (page.Length >= 12 && BinaryPrimitives.ReadUInt32LittleEndian(page[8..]) is var version && version != FormatVersion)
        {
            throw new TableException(
                $"Share file '{path}' has format version {version}; this program reads version {FormatVersion}. Share the table again.");
        }

        if (page.Length < Size)
        {
            throw new TableException($"Share file '{path}' is cut short within its header. Copy it again, or share the table again.");
        }

        if (!SHA256.HashData(page[..ChecksumAt]).AsSpan().SequenceEqual(page[ChecksumAt..Size]))
        {
            throw new TableException($"Share file '{path}' has a damaged header (wrong checksum). Copy it again, or share the table again.");
        }

        string name = Encoding.ASCII.GetString(page.Slice(NameAt, NameBytes)).TrimEnd('\0');
        var shape = new RecordShape((ElementKind)page[60], BinaryPrimitives.ReadInt32LittleEndian(page[56..]));
        var description = new TableDescription(
            name, new Guid(page[32..48], bigEndian: true), BinaryPrimitives.ReadInt32LittleEndian(page[52..]), shape)
        {
            Product = page[61] == BeaverProduct ? TableDescription.BeaverProduct : TableDescription.StockProduct,
        };
        description.Validate();
        var header = new ShareFileHeader(
            description,
            BinaryPrimitives.ReadInt32LittleEndian(page[48..]),
            new Guid(page[16..32], bigEndian: true),
            page.Slice(80, SHA256.HashSizeInBytes).ToArray());

        // The checksum was right, so whoever wrote this meant it: a program with other ideas of the format than ours.
        if (page[61] is not (StockProduct or BeaverProduct)
            || BinaryPrimitives.ReadUInt32LittleEndian(page[12..]) != Size
            || BinaryPrimitives.ReadInt32LittleEndian(page[64..]) != description.Words
            || BinaryPrimitives.ReadInt64LittleEndian(page[72..]) != header.PayloadBytes
            || header.Party is < 1 or > 3)
        {
            throw new TableException($"Share file '{path}' has a header that contradicts itself. Share the table again.");
        }

        return header;
    }

    /// <summary>Refuses a share that is not the expected party's or deployment's.</summary>
    public void CheckOwner(string path, int expectedParty, Guid? expectedDeployment)
    {
        if (expectedDeployment is { } deployment && deployment != Deployment)
        {
            throw new TableException(
                $"Share file '{path}' is of another deployment ({Deployment}; this is {deployment}). Share the table to this deployment.");
        }

        if (Party != expectedParty)
        {
            throw new TableException(
                $"Share file '{path}' is party {Party}'s share; this is party {expectedParty}. "
                + "No party may hold another's share: remove it, and copy this party's.");
        }
    }
}
