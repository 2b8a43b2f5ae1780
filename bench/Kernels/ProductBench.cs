using BenchmarkDotNet.Attributes;
using Trident.Protocol.Field;

namespace Trident.Bench.Kernels;

/// <summary>The product kernel against its plain definition, and against reading the same words.</summary>
public class ProductBench
{
    private const int MatrixBytes = 64 * 1024 * 1024;
    private uint[] vectors = [];
    private uint[] matrix = [];
    private uint[] result = [];
    private int rows;

    /// <summary>Words in a row.</summary>
    [Params(35, 128, 10_000)]
    public int Columns { get; set; }

    /// <summary>Vectors in one pass.</summary>
    [Params(1, 8)]
    public int Count { get; set; }

    /// <summary>Fills the operands.</summary>
    [GlobalSetup]
    public void Setup()
    {
        rows = MatrixBytes / sizeof(uint) / Columns;
        vectors = new uint[Count * rows];
        matrix = new uint[rows * Columns];
        result = new uint[Count * Columns];
        Mersenne31.Fill(vectors);
        Mersenne31.Fill(matrix);
    }

    /// <summary>Reads the matrix and does nothing else with it.</summary>
    [Benchmark(Baseline = true)]
    public ulong Read() => Reading.Sum(matrix);

    /// <summary>The kernel.</summary>
    [Benchmark]
    public void Kernel() => ProductKernel.Multiply(vectors, Count, matrix, rows, Columns, result);

    /// <summary>The definition.</summary>
    [Benchmark]
    public void Reference() => ProductReference.Multiply(vectors, Count, matrix, rows, Columns, result);
}
