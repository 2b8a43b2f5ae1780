namespace Trident.Protocol.Field;

/// <summary>The product of <see cref="ProductKernel"/> written as its definition, for tests and as a yardstick.</summary>
public static class ProductReference
{
    /// <summary>result[k·columns + c] = Σ over r of vectors[k·rows + r] · matrix[r·columns + c] mod p.</summary>
    public static void Multiply(ReadOnlySpan<uint> vectors, int count, ReadOnlySpan<uint> matrix, int rows, int columns, Span<uint> result)
    {
        ProductKernel.CheckShape(vectors.Length, count, matrix.Length, rows, columns, result.Length);
        for (int k = 0; k < count; k++)
        {
            for (int c = 0; c < columns; c++)
            {
                uint sum = 0;
                for (int r = 0; r < rows; r++)
                {
                    sum = Mersenne31.Add(sum, Mersenne31.Mul(vectors[k * rows + r], matrix[r * columns + c]));
                }

                result[k * columns + c] = sum;
            }
        }
    }
}
