using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Trident.Protocol.Field;
using Trident.Protocol.Sharing;

namespace Trident.Protocol.Product;

/// <summary>Gives a party's share of the table: rows × columns elements.</summary>
public delegate ReadOnlySpan<uint> MatrixShare();

/// <summary>
/// One party's side in the making of one batch (docs/protocol.md, Stock and Beaver). A state machine without I/O: each method that
/// gives bytes gives what this party sends to both others, each that takes three takes what the three sent, own included, in order.
/// </summary>
/// <remarks>
/// Stock opens without redundancy, so a lie in it would pass. Each group of items therefore has two items more than it yields, and
/// two random combinations of all its items are opened and compared with their matrix. Each combination costs the secrecy of one
/// item. Items are numbered over all groups, and the extra ones of group g follow all others, two for each group.
/// </remarks>
public sealed class StockBatchMaker : IDisposable
{
    /// <summary>Bytes of a party's message in the round of coins.</summary>
    public const int CoinBytes = 32 + CoinWords * sizeof(uint);

    /// <summary>Words of the opened coin.</summary>
    private const int CoinWords = 4;

    /// <summary>Words that are opened at once.</summary>
    private const int OpenWords = 1 << 16;

    /// <summary>Mask words that are held at once, at the most.</summary>
    private const int MaskWords = 1 << 25;

    private readonly Prss _prss;
    private readonly Guid _tableVersion;
    private readonly MatrixShare? _table;
    private readonly StockShape _shape;
    private readonly int _rows, _columns, _items, _pass;
    private readonly BatchId _batch;
    private readonly byte[] _domain;
    private readonly PrssStream _mask;
    private readonly PrssStream? _matrices;
    private readonly ItemWords _c;
    private readonly byte[] _digest = new byte[32];
    private readonly IncrementalHash[] _seen = [.. Enumerable.Range(0, 3).Select(_ => IncrementalHash.CreateHash(HashAlgorithmName.SHA256))];
    private int _opened, _pending;
    private uint[] _chi = [];
    private uint[] _combined = [];
    private bool _finished;

    private StockBatchMaker(Prss prss, Guid tableVersion, MatrixShare? table, StockShape shape, BatchId batch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shape.Items, 1);
        (_prss, _tableVersion, _table, _shape, _batch) = (prss, tableVersion, table, shape, batch);
        (_rows, _columns, _items) = (shape.Rows, shape.Columns, shape.Items);
        _pass = Math.Clamp(MaskWords / _rows, 1, 8);
        _domain = [.. tableVersion.ToByteArray(bigEndian: true), .. batch.ToArray()];
        _c = new ItemWords(_columns, shape.All);
        _mask = prss.Open(PrssPurpose.Mask, _domain);
        _matrices = shape.OwnMatrices ? prss.Open(PrssPurpose.Beaver, _domain) : null;
    }

    /// <summary>The batch's sizes.</summary>
    public StockShape Shape => _shape;

    /// <summary>Begins a batch of items for one matrix of rows × columns, of which every party has a share.</summary>
    public static StockBatchMaker ForTable(Prss prss, Guid tableVersion, MatrixShare table, int rows, int columns, BatchId batch, int items) =>
        new(prss, tableVersion, table, new StockShape(rows, columns, items, OwnMatrices: false), batch);

    /// <summary>Begins a batch of items with a fresh random matrix of rows × columns each, for the product <c>beaver</c>.</summary>
    public static StockBatchMaker ForBeaver(Prss prss, Guid tableVersion, int rows, int columns, BatchId batch, int items) =>
        new(prss, tableVersion, null, new StockShape(rows, columns, items, OwnMatrices: true), batch);

    /// <summary>Round 1: this party's share of aᵀM − ρ for every item, with a share of zero of degree 2; all items × columns words.</summary>
    public byte[] Masked() => Masked(_shape.All);

    /// <summary>Round 1 in pieces: the same for the next <paramref name="items"/> items, which must be opened before the next piece.</summary>
    /// <exception cref="InvalidOperationException">There are not so many left, the last piece was not opened, or items have matrices of their own.</exception>
    public byte[] Masked(int items)
    {
        if (_pending != 0 || items < 1 || items > _shape.All - _opened || (_matrices is not null && items != _shape.All))
        {
            throw new InvalidOperationException($"{items} items cannot be masked when {_opened} of {_shape.All} are opened and {_pending} are under way.");
        }

        _pending = items;
        int from = _opened, end = _matrices is null ? from + items : _shape.PerGroup + StockShape.ExtraItems;
        byte[] bytes = new byte[checked(items * _columns * sizeof(uint))];
        uint[] masks = new uint[Math.Min(_pass, items) * _rows];
        uint[] separate = _matrices is null ? [] : new uint[_pass * _columns];
        uint[] other = new uint[_columns];
        using PrssStream rho = _prss.Open(PrssPurpose.Rho, _domain);
        using PrssStream zero = _prss.Open(PrssPurpose.Zero, _domain);
        EachMatrix((group, matrix) =>
        {
            Span<uint> words = MemoryMarshal.Cast<byte, uint>(bytes.AsSpan());
            for (int first = from; first < end; first += _pass)
            {
                int some = Math.Min(_pass, end - first);

                // A table's items lie one after the other, so their products go where the message is.
                Span<uint> products = _matrices is null ? words.Slice((first - from) * _columns, some * _columns) : separate.AsSpan(0, some * _columns);
                for (int t = 0; t < some; t++)
                {
                    _mask.Degree1(Item(group, first + t), masks.AsSpan(t * _rows, _rows));
                }

                ProductKernel.Multiply(masks.AsSpan(0, some * _rows), some, matrix, _rows, _columns, products);
                for (int t = 0; t < some; t++)
                {
                    int item = Item(group, first + t);
                    Span<uint> masked = words.Slice((item - from) * _columns, _columns);
                    Span<uint> own = _c[item];
                    rho.Degree1(item, own);
                    FieldVector.Sub(products.Slice(t * _columns, _columns), own, masked);
                    zero.Zero2(item, other);
                    FieldVector.Sub(masked, other, masked);
                }
            }
        });

        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(masks.AsSpan()));
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(separate.AsSpan()));
        return bytes;
    }

    /// <summary>After round 1, or a piece of it: opens aᵀM − ρ and adds back the line of ρ, which makes c a line through aᵀM.</summary>
    public void Opened(ReadOnlySpan<byte> m1, ReadOnlySpan<byte> m2, ReadOnlySpan<byte> m3)
    {
        int words = _pending * _columns;
        ReadOnlySpan<uint> w1 = Words(m1, words, "masked products"), w2 = Words(m2, words, "masked products"), w3 = Words(m3, words, "masked products");
        uint[] buffer = new uint[Math.Min(OpenWords, words)];
        for (int item = _opened, from = 0; from < words;)
        {
            Span<uint> c = _c.Run(item, _opened + _pending - item, out int run);
            for (int at = 0; at < c.Length; at += buffer.Length)
            {
                int some = Math.Min(buffer.Length, c.Length - at);
                Shamir.OpenParabola(w1.Slice(from + at, some), w2.Slice(from + at, some), w3.Slice(from + at, some), buffer.AsSpan(0, some));
                FieldVector.Add(c.Slice(at, some), buffer.AsSpan(0, some), c.Slice(at, some));
            }

            (item, from) = (item + run, from + c.Length);
        }

        _seen[0].AppendData(m1);
        _seen[1].AppendData(m2);
        _seen[2].AppendData(m3);
        (_opened, _pending) = (_opened + _pending, 0);
    }

    /// <summary>Round 2: what was opened, as a digest, and this party's share of coins that nobody could foresee in round 1.</summary>
    public byte[] Coin()
    {
        if (_opened != _shape.All)
        {
            throw new InvalidOperationException($"Coins are for all items; {_opened} of {_shape.All} are opened.");
        }

        SHA256.HashData([.. _seen[0].GetHashAndReset(), .. _seen[1].GetHashAndReset(), .. _seen[2].GetHashAndReset()], _digest);
        byte[] bytes = new byte[CoinBytes];
        _digest.CopyTo(bytes, 0);
        using PrssStream coin = _prss.Open(PrssPurpose.Coin, _domain);
        coin.Degree1(0, MemoryMarshal.Cast<byte, uint>(bytes.AsSpan(32)));
        return bytes;
    }

    /// <summary>After round 2: all must have opened the same; the coins give the coefficients χ of both checks.</summary>
    /// <exception cref="StockCheckException">They have not, or the coins are off the line.</exception>
    public void Coins(ReadOnlySpan<byte> c1, ReadOnlySpan<byte> c2, ReadOnlySpan<byte> c3)
    {
        if (c1.Length != CoinBytes || c2.Length != CoinBytes || c3.Length != CoinBytes)
        {
            throw new StockCheckException($"stock format check: a peer's coins are not {CoinBytes} bytes");
        }

        if (!c1[..32].SequenceEqual(_digest) || !c2[..32].SequenceEqual(_digest) || !c3[..32].SequenceEqual(_digest))
        {
            throw new StockCheckException("stock digest check: the parties did not receive the same masked products");
        }

        uint[] coin = new uint[CoinWords];
        OpenChecked("stock coin check", Words(c1[32..], CoinWords, "coins"), Words(c2[32..], CoinWords, "coins"), Words(c3[32..], CoinWords, "coins"), coin);
        _chi = Coefficients(MemoryMarshal.AsBytes(coin.AsSpan()));
    }

    /// <summary>Round 3: this party's shares of Σχₜaₜ, for both checks of every group; groups × 2 × rows words.</summary>
    public byte[] CheckMask()
    {
        byte[] bytes = new byte[checked((int)_shape.CheckMaskBytes)];
        uint[] masks = new uint[Math.Min(_pass, _shape.PerGroup) * _rows];
        uint[] chi = new uint[2 * _pass];
        for (int group = 0; group < _shape.Groups; group++)
        {
            Span<uint> both = MemoryMarshal.Cast<byte, uint>(bytes.AsSpan()).Slice(2 * group * _rows, 2 * _rows);
            for (int check = 0; check < 2; check++)
            {
                // Each combination has an extra mask of its own, which hides what it says about the others.
                _mask.Degree1(Item(group, _shape.PerGroup + check), both.Slice(check * _rows, _rows));
            }

            for (int first = 0; first < _shape.PerGroup; first += _pass)
            {
                int some = Math.Min(_pass, _shape.PerGroup - first);
                for (int t = 0; t < some; t++)
                {
                    _mask.Degree1(Item(group, first + t), masks.AsSpan(t * _rows, _rows));
                    chi[t] = Chi(group, 0)[first + t];
                    chi[some + t] = Chi(group, 1)[first + t];
                }

                if (some == 1)
                {
                    FieldVector.AddScaled(masks.AsSpan(0, _rows), chi[0], both[.._rows]);
                    FieldVector.AddScaled(masks.AsSpan(0, _rows), chi[1], both[_rows..]);
                }
                else
                {
                    ProductKernel.MultiplyAdd(chi.AsSpan(0, 2 * some), 2, masks.AsSpan(0, some * _rows), some, _rows, both);
                }
            }
        }

        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(masks.AsSpan()));
        return bytes;
    }

    /// <summary>After round 3: opens all combinations.</summary>
    /// <exception cref="StockCheckException">They are off the line.</exception>
    public void CheckMasks(ReadOnlySpan<byte> a1, ReadOnlySpan<byte> a2, ReadOnlySpan<byte> a3)
    {
        _combined = new uint[2 * _shape.Groups * _rows];
        OpenChecked("stock mask check", Words(a1, _combined.Length, "combined masks"), Words(a2, _combined.Length, "combined masks"), Words(a3, _combined.Length, "combined masks"), _combined);
    }

    /// <summary>Round 4: this party's shares of (Σχₜaₜ)ᵀM − Σχₜcₜ, which must open to zero; groups × 2 × columns words.</summary>
    public byte[] CheckZero()
    {
        byte[] bytes = new byte[checked((int)_shape.CheckZeroBytes)];
        uint[] sum = new uint[2 * _columns];
        EachMatrix((group, matrix) =>
        {
            Span<uint> words = MemoryMarshal.Cast<byte, uint>(bytes.AsSpan()).Slice(2 * group * _columns, 2 * _columns);
            ProductKernel.Multiply(_combined.AsSpan(2 * group * _rows, 2 * _rows), 2, matrix, _rows, _columns, words);
            for (int check = 0; check < 2; check++)
            {
                _c[Item(group, _shape.PerGroup + check)].CopyTo(sum.AsSpan(check * _columns, _columns));
            }

            for (int first = 0, run; first < _shape.PerGroup; first += run)
            {
                ReadOnlySpan<uint> c = _c.Run(Item(group, first), _shape.PerGroup - first, out run);
                uint[] chi = [.. Chi(group, 0).Slice(first, run), .. Chi(group, 1).Slice(first, run)];
                ProductKernel.MultiplyAdd(chi, 2, c, run, _columns, sum);
            }

            FieldVector.Sub(words, sum, words);
        });
        return bytes;
    }

    /// <summary>After round 4: the batch, if all differences open to zero.</summary>
    /// <exception cref="StockCheckException">They do not: some party lied about its product.</exception>
    public StockBatch Finish(ReadOnlySpan<byte> z1, ReadOnlySpan<byte> z2, ReadOnlySpan<byte> z3)
    {
        uint[] opened = new uint[2 * _shape.Groups * _columns];
        OpenChecked("stock product check", Words(z1, opened.Length, "differences"), Words(z2, opened.Length, "differences"), Words(z3, opened.Length, "differences"), opened);
        if (opened.AsSpan().ContainsAnyExcept(0u))
        {
            throw new StockCheckException("stock product check: the opened products are not those of the masks and their matrix");
        }

        _finished = true;
        for (int item = _items; item < _shape.All; item++)
        {
            _c.Forget(item);
        }

        return new StockBatch(_batch, _tableVersion, _shape, _c, _mask, _matrices);
    }

    /// <summary>Zeroes what was not handed to a batch.</summary>
    public void Dispose()
    {
        Array.ForEach(_seen, hash => hash.Dispose());
        if (!_finished)
        {
            _c.Dispose();
            _mask.Dispose();
            _matrices?.Dispose();
        }
    }

    /// <summary>Does something with this party's share of each group's matrix; what is drawn for it is zeroed afterwards.</summary>
    private void EachMatrix(MatrixUse use)
    {
        if (_matrices is null)
        {
            use(0, _table!());
            return;
        }

        int words = _rows * _columns;
        uint[] drawn = ArrayPool<uint>.Shared.Rent(words);
        try
        {
            for (int group = 0; group < _shape.Groups; group++)
            {
                _matrices.Degree1(group, drawn.AsSpan(0, words));
                use(group, drawn.AsSpan(0, words));
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(drawn.AsSpan(0, words)));
            ArrayPool<uint>.Shared.Return(drawn);
        }
    }

    /// <summary>The number of a group's item; those from PerGroup on are its extra ones.</summary>
    private int Item(int group, int index) =>
        index < _shape.PerGroup ? group * _shape.PerGroup + index : _items + group * StockShape.ExtraItems + index - _shape.PerGroup;

    private ReadOnlySpan<uint> Chi(int group, int check) => _chi.AsSpan((2 * group + check) * _shape.PerGroup, _shape.PerGroup);

    private static ReadOnlySpan<uint> Words(ReadOnlySpan<byte> bytes, int words, string what)
    {
        ReadOnlySpan<uint> cast = MemoryMarshal.Cast<byte, uint>(bytes);
        if (bytes.Length != words * sizeof(uint) || !FieldVector.AllBelowP(cast))
        {
            throw new StockCheckException($"stock format check: a peer's {what} are not {words} elements of the field");
        }

        return cast;
    }

    private static void OpenChecked(string check, ReadOnlySpan<uint> y1, ReadOnlySpan<uint> y2, ReadOnlySpan<uint> y3, Span<uint> opened)
    {
        if (!Shamir.OnALine(y1, y2, y3))
        {
            throw new StockCheckException($"{check}: the three shares are not on one line");
        }

        Shamir.OpenLine(1, y1, 2, y2, opened);
    }

    /// <summary>
    /// Two coefficients per item from the coin by SHA-256: 62 bits are reduced, so the bias is below 2⁻³¹. Per group: those of the
    /// first check, then those of the second. The extra items have none: each is added to one combination and not to the other.
    /// </summary>
    private uint[] Coefficients(ReadOnlySpan<byte> coin)
    {
        uint[] chi = new uint[2 * _items];
        byte[] input = [.. "trident chi v1"u8, .. _domain, .. coin, 0, 0, 0, 0];
        Span<byte> hash = stackalloc byte[32];
        for (int i = 0; i < chi.Length; i++)
        {
            if ((i & 3) == 0)
            {
                BinaryPrimitives.WriteInt32LittleEndian(input.AsSpan(input.Length - 4), i);
                SHA256.HashData(input, hash);
            }

            chi[i] = Mersenne31.Reduce(BinaryPrimitives.ReadUInt64LittleEndian(hash[((i & 3) * 8)..]) >> 2);
        }

        return chi;
    }

    private delegate void MatrixUse(int group, ReadOnlySpan<uint> matrix);
}
