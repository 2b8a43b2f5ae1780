using System.Runtime.InteropServices;
using Trident.Abstractions;
using Trident.Grains.Tables;
using Trident.Protocol.Product;
using Trident.Protocol.Wire;

namespace Trident.Grains.Products;

/// <summary>The product <c>stock</c>: e is opened, z = eᵀM + c.</summary>
internal sealed class StockProduct : PartyProduct
{
    private readonly Memory<uint> _e;

    public StockProduct(ServedTable table, int party, int count)
        : base(table, party, count) => _e = Rent(count * Rows);

    public override FrameKind Kind => FrameKind.EShare;

    public override ReadOnlySpan<byte> Message => MemoryMarshal.AsBytes(_e.Span);

    protected override Span<uint> E => _e.Span;

    public override void Mask(QueryPlaintext query)
    {
        Memory<uint> mask = Rent(Rows);
        TakeEach(query, (i, item) =>
        {
            item.OpenMask(mask.Span);
            Span<uint> row = E.Slice(i * Rows, Rows);
            Answering.EShare(row, mask.Span, row);
        });
    }

    public override void Answer(ReadOnlySpan<byte> fromLower, ReadOnlySpan<byte> fromHigher, out bool agreed)
    {
        agreed = Answering.OpenE(Party, E, MemoryMarshal.Cast<byte, uint>(fromLower), MemoryMarshal.Cast<byte, uint>(fromHigher));
        Answering.AnswerShare(E, Count, Table.File.Matrix, Rows, Columns, C, C);
    }
}
