using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Trident.Protocol.Field;
using Trident.Protocol.Sharing;

namespace Trident.Protocol.Product;

/// <summary>Gives a party's share of the table: rows × columns elements.</summary>
public delegate ReadOnlySpan<uint> MatrixShare();

/// <summary>
/// One party's side in the making of one batch (docs/protocol.md, Stock). A state machine without I/O: each method that gives
/// bytes gives what this party sends to both others, each that takes three takes what the three sent, own included, in order.
/// </summary>
/// <remarks>
/// Stock opens without redundancy, so a lie in it would pass. The batch therefore has two items more than it yields, and two
/// random combinations of all items are opened and compared with the table. Each combination costs the secrecy of one item.
/// </remarks>
public sealed class StockBatchMaker : IDisposable
{
    /// <summary>Items made beyond those that a batch yields: one per check.</summary>
    public const int ExtraItems = 2;

    /// <summary>Words of the opened coin.</summary>
    private const int CoinWords = 4;

    /// <summary>Mask words that are held at once, at the most.</summary>
    private const int MaskWords = 1 << 25;

    private readonly Prss _prss;
    private readonly Guid _tableVersion;
    private readonly MatrixShare _matrix;
    private readonly int _rows, _columns, _items, _all, _group;
    private readonly BatchId _batch;
    private readonly byte[] _domain;
    private readonly PrssStream _mask;
    private readonly uint[] _c;
    private readonly byte[] _digest = new byte[32];
    private uint[] _chi = [];
    private uint[] _combined = [];
    private bool _finished;

    /// <summary>Begins a batch of <paramref name="items"/> items for a table of rows × columns.</summary>
    public StockBatchMaker(int party, Prss prss, Guid tableVersion, MatrixShare matrix, int rows, int columns, BatchId batch, int items)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(prss.Party, party);
        ArgumentOutOfRangeException.ThrowIfLessThan(items, 1);
        (_prss, _tableVersion, _matrix, _rows, _columns, _batch, _items) = (prss, tableVersion, matrix, rows, columns, batch, items);
        _all = items + ExtraItems;
        _group = Math.Clamp(MaskWords / rows, 1, 8);
        _domain = [.. tableVersion.ToByteArray(bigEndian: true), .. batch.ToArray()];
        _mask = prss.Open(PrssPurpose.Mask, _domain);
        _c = new uint[_all * columns];
    }

    /// <summary>Round 1: this party's share of aᵀM − ρ for every item, with a share of zero of degree 2; items × columns words.</summary>
    public byte[] Masked()
    {
        byte[] bytes = new byte[_all * _columns * sizeof(uint)];
        Span<uint> words = MemoryMarshal.Cast<byte, uint>(bytes.AsSpan());
        uint[] masks = new uint[_group * _rows];
        uint[] other = new uint[_columns];
        using PrssStream rho = _prss.Open(PrssPurpose.Rho, _domain);
        using PrssStream zero = _prss.Open(PrssPurpose.Zero, _domain);
        for (int first = 0; first < _all; first += _group)
        {
            int some = Math.Min(_group, _all - first);
            for (int t = 0; t < some; t++)
            {
                _mask.Degree1(first + t, masks.AsSpan(t * _rows, _rows));
            }

            ProductKernel.Multiply(masks.AsSpan(0, some * _rows), some, _matrix(), _rows, _columns, words.Slice(first * _columns, some * _columns));
            for (int t = first; t < first + some; t++)
            {
                Span<uint> item = words.Slice(t * _columns, _columns);
                Span<uint> own = _c.AsSpan(t * _columns, _columns);
                rho.Degree1(t, own);
                FieldVector.Sub(item, own, item);
                zero.Zero2(t, other);
                FieldVector.Sub(item, other, item);
            }
        }

        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(masks.AsSpan()));
        return bytes;
    }

    /// <summary>After round 1: opens aᵀM − ρ and adds back the line of ρ, which makes c a line through aᵀM.</summary>
    public void Opened(ReadOnlySpan<byte> m1, ReadOnlySpan<byte> m2, ReadOnlySpan<byte> m3)
    {
        uint[] opened = new uint[_c.Length];
        Shamir.OpenParabola(Words(m1, _c.Length, "masked products"), Words(m2, _c.Length, "masked products"), Words(m3, _c.Length, "masked products"), opened);
        FieldVector.Add(_c, opened, _c);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(m1);
        hash.AppendData(m2);
        hash.AppendData(m3);
        hash.GetHashAndReset(_digest);
    }

    /// <summary>Round 2: what was opened, as a digest, and this party's share of coins that nobody could foresee in round 1.</summary>
    public byte[] Coin()
    {
        byte[] bytes = new byte[32 + CoinWords * sizeof(uint)];
        _digest.CopyTo(bytes, 0);
        using PrssStream coin = _prss.Open(PrssPurpose.Coin, _domain);
        coin.Degree1(0, MemoryMarshal.Cast<byte, uint>(bytes.AsSpan(32)));
        return bytes;
    }

    /// <summary>After round 2: all must have opened the same; the coins give the coefficients χ of both checks.</summary>
    /// <exception cref="StockCheckException">They have not, or the coins are off the line.</exception>
    public void Coins(ReadOnlySpan<byte> c1, ReadOnlySpan<byte> c2, ReadOnlySpan<byte> c3)
    {
        const int length = 32 + CoinWords * sizeof(uint);
        if (c1.Length != length || c2.Length != length || c3.Length != length)
        {
            throw new StockCheckException($"stock format check: a peer's coins are not {length} bytes");
        }

        if (!c1[..32].SequenceEqual(_digest) || !c2[..32].SequenceEqual(_digest) || !c3[..32].SequenceEqual(_digest))
        {
            throw new StockCheckException("stock digest check: the parties did not receive the same masked products");
        }

        uint[] coin = new uint[CoinWords];
        OpenChecked("stock coin check", Words(c1[32..], CoinWords, "coins"), Words(c2[32..], CoinWords, "coins"), Words(c3[32..], CoinWords, "coins"), coin);
        _chi = Coefficients(MemoryMarshal.AsBytes(coin.AsSpan()));
    }

    /// <summary>Round 3: this party's shares of Σχₜaₜ, for both checks; 2 × rows words.</summary>
    public byte[] CheckMask()
    {
        byte[] bytes = new byte[2 * _rows * sizeof(uint)];
        Span<uint> words = MemoryMarshal.Cast<byte, uint>(bytes.AsSpan());
        uint[] masks = new uint[_group * _rows];
        uint[] chi = new uint[2 * _group];
        for (int first = 0; first < _all; first += _group)
        {
            int some = Math.Min(_group, _all - first);
            for (int t = 0; t < some; t++)
            {
                _mask.Degree1(first + t, masks.AsSpan(t * _rows, _rows));
                chi[t] = _chi[first + t];
                chi[some + t] = _chi[_all + first + t];
            }

            ProductKernel.MultiplyAdd(chi.AsSpan(0, 2 * some), 2, masks.AsSpan(0, some * _rows), some, _rows, words);
        }

        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(masks.AsSpan()));
        return bytes;
    }

    /// <summary>After round 3: opens both combinations.</summary>
    /// <exception cref="StockCheckException">They are off the line.</exception>
    public void CheckMasks(ReadOnlySpan<byte> a1, ReadOnlySpan<byte> a2, ReadOnlySpan<byte> a3)
    {
        _combined = new uint[2 * _rows];
        OpenChecked("stock mask check", Words(a1, 2 * _rows, "combined masks"), Words(a2, 2 * _rows, "combined masks"), Words(a3, 2 * _rows, "combined masks"), _combined);
    }

    /// <summary>Round 4: this party's shares of (Σχₜaₜ)ᵀM − Σχₜcₜ, which must open to zero; 2 × columns words.</summary>
    public byte[] CheckZero()
    {
        byte[] bytes = new byte[2 * _columns * sizeof(uint)];
        Span<uint> words = MemoryMarshal.Cast<byte, uint>(bytes.AsSpan());
        uint[] sum = new uint[2 * _columns];
        ProductKernel.Multiply(_combined, 2, _matrix(), _rows, _columns, words);
        ProductKernel.Multiply(_chi, 2, _c, _all, _columns, sum);
        FieldVector.Sub(words, sum, words);
        return bytes;
    }

    /// <summary>After round 4: the batch, if the difference opens to zero.</summary>
    /// <exception cref="StockCheckException">It does not: some party lied about its product.</exception>
    public StockBatch Finish(ReadOnlySpan<byte> z1, ReadOnlySpan<byte> z2, ReadOnlySpan<byte> z3)
    {
        uint[] opened = new uint[2 * _columns];
        OpenChecked("stock product check", Words(z1, opened.Length, "differences"), Words(z2, opened.Length, "differences"), Words(z3, opened.Length, "differences"), opened);
        if (opened.AsSpan().ContainsAnyExcept(0u))
        {
            throw new StockCheckException("stock product check: the opened products are not those of the masks and the table");
        }

        _finished = true;
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(_c.AsSpan(_items * _columns)));
        return new StockBatch(_batch, _tableVersion, _items, _columns, _c, _mask);
    }

    /// <summary>Zeroes what was not handed to a batch.</summary>
    public void Dispose()
    {
        if (!_finished)
        {
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(_c.AsSpan()));
            _mask.Dispose();
        }
    }

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
    /// Two coefficients per item from the coin by SHA-256: 62 bits are reduced, so the bias is below 2⁻³¹. Of the extra items each
    /// masks one combination, with coefficient 1 and 0 in the other, so that the two combinations never share a mask.
    /// </summary>
    private uint[] Coefficients(ReadOnlySpan<byte> coin)
    {
        uint[] chi = new uint[2 * _all];
        byte[] input = [.. "trident chi v1"u8, .. _domain, .. coin, 0, 0, 0, 0];
        Span<byte> hash = stackalloc byte[32];
        for (int i = 0; i < chi.Length; i++)
        {
            if ((i & 3) == 0)
            {
                BinaryPrimitives.WriteInt32LittleEndian(input.AsSpan(input.Length - 4), i);
                SHA256.HashData(input, hash);
            }

            int item = i % _all;
            if (item >= _items)
            {
                chi[i] = item - _items == i / _all ? 1u : 0u;
                continue;
            }

            chi[i] = Mersenne31.Reduce(BinaryPrimitives.ReadUInt64LittleEndian(hash[((i & 3) * 8)..]) >> 2);
        }

        return chi;
    }
}
