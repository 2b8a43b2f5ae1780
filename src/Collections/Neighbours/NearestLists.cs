namespace Trident.Collections.Neighbours;

/// <summary>
/// The K nearest so far of each of N rows, sorted by (rank, row). One row is changed by one thread at a time; see <see cref="Gate"/>.
/// </summary>
internal sealed class NearestLists
{
    private readonly int _k;
    private readonly double[][] _ranks;
    private readonly int[][] _rows;
    private readonly int[] _count;
    private readonly Lock[] _gates;
    private readonly int _block;

    /// <summary>Empty lists.</summary>
    public NearestLists(int rows, int k, int block)
    {
        (_k, _block) = (k, block);
        _ranks = [.. Enumerable.Range(0, rows).Select(_ => new double[k])];
        _rows = [.. Enumerable.Range(0, rows).Select(_ => new int[k])];
        _count = new int[rows];
        _gates = [.. Enumerable.Range(0, (rows + block - 1) / block).Select(_ => new Lock())];
    }

    /// <summary>What is held while rows of a block are offered candidates.</summary>
    public Lock Gate(int block) => _gates[block];

    /// <summary>The nearest of a row, nearest first.</summary>
    public ReadOnlySpan<int> Of(int row) => _rows[row];

    /// <summary>The ranks of <see cref="Of"/>.</summary>
    public ReadOnlySpan<double> RanksOf(int row) => _ranks[row];

    /// <summary>A rank above this cannot enter the row's list.</summary>
    public double Worst(int row) => _count[row] < _k ? double.PositiveInfinity : _ranks[row][_k - 1];

    /// <summary>Offers a candidate.</summary>
    public void Offer(int row, double rank, int candidate)
    {
        double[] ranks = _ranks[row];
        int[] rows = _rows[row];
        int at = _count[row];
        if (at == _k)
        {
            at--;
            if (rank > ranks[at] || (rank == ranks[at] && candidate > rows[at]))
            {
                return;
            }
        }
        else
        {
            _count[row]++;
        }

        // Above it stand at most K − 1 that are moved, and that seldom: ln(N/K) times K in all, for candidates in a random order.
        while (at > 0 && (ranks[at - 1] > rank || (ranks[at - 1] == rank && rows[at - 1] > candidate)))
        {
            ranks[at] = ranks[at - 1];
            rows[at] = rows[at - 1];
            at--;
        }

        (ranks[at], rows[at]) = (rank, candidate);
    }
}
