using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Trident.Abstractions;
using Trident.Grains.Tables;
using Trident.Protocol.Product;
using Trident.Protocol.Wire;

namespace Trident.Grains.Products;

/// <summary>
/// The product <c>beaver</c>: e and f = M − b are opened, z = eᵀb + (a + e)ᵀf + c. The message is the table's revision in 8 bytes,
/// little endian, then e, then f. Shares of two revisions of the table must not be opened together: their line goes through neither.
/// </summary>
internal sealed class BeaverProduct : PartyProduct
{
    private const int RevisionWords = sizeof(long) / sizeof(uint);

    // Revision, e and f lie as they are sent; a and b are this party's secrets.
    private readonly Memory<uint> _message, _a, _b;
    private long _revision;

    public BeaverProduct(ServedTable table, int party, int count)
        : base(table, party, count)
    {
        _message = Rent(RevisionWords + count * Rows * (Columns + 1));
        _a = Rent(count * Rows);
        _b = Rent(count * Rows * Columns);
    }

    public override FrameKind Kind => FrameKind.BeaverShare;

    public override ReadOnlySpan<byte> Message => MemoryMarshal.AsBytes(_message.Span);

    protected override Span<uint> E => _message.Span.Slice(RevisionWords, Count * Rows);

    private Span<uint> F => _message.Span[(RevisionWords + Count * Rows)..];

    public override void Mask(QueryPlaintext query)
    {
        TakeEach(query, (i, item) =>
        {
            Span<uint> a = _a.Span.Slice(i * Rows, Rows), row = E.Slice(i * Rows, Rows);
            item.OpenMask(a);
            item.OpenMatrix(_b.Span.Slice(i * Rows * Columns, Rows * Columns));
            Answering.EShare(row, a, row);
        });

        _revision = Table.Read((matrix, revision) =>
        {
            for (int i = 0; i < Count; i++)
            {
                int from = i * Rows * Columns;
                Answering.FShare(matrix, _b.Span.Slice(from, Rows * Columns), F.Slice(from, Rows * Columns));
            }

            return revision;
        });
        BinaryPrimitives.WriteInt64LittleEndian(MemoryMarshal.AsBytes(_message.Span), _revision);
    }

    public override void Check(int from, ReadOnlySpan<byte> message)
    {
        base.Check(from, message);
        long revision = BinaryPrimitives.ReadInt64LittleEndian(message);
        if (revision != _revision)
        {
            throw new TableChangedException($"The table was changed while the query was under way: party {from} has revision {revision}, this party {_revision}.");
        }
    }

    public override void Answer(ReadOnlySpan<byte> fromLower, ReadOnlySpan<byte> fromHigher, out bool agreed)
    {
        agreed = Answering.OpenE(Party, _message.Span[RevisionWords..], Words(fromLower), Words(fromHigher));
        Answering.BeaverAnswerShare(E, F, Count, Rows, Columns, _a.Span, _b.Span, C, C);

        static ReadOnlySpan<uint> Words(ReadOnlySpan<byte> message) => message.IsEmpty ? [] : MemoryMarshal.Cast<byte, uint>(message)[RevisionWords..];
    }
}
