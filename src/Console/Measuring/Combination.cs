namespace Trident.Console.Measuring;

/// <summary>What is compared: how shares travel between the parties, and how they multiply.</summary>
/// <param name="Transport">One of <see cref="Transports"/>.</param>
/// <param name="Product">One of <see cref="Products"/>.</param>
internal sealed record Combination(string Transport, string Product)
{
    /// <summary>The transports that a silo can be told to use.</summary>
    public static readonly string[] Transports = ["shared", "ephemeral", "pooled", "multiplexed"];

    /// <summary>The products that a table can be shared for.</summary>
    public static readonly string[] Products = ["stock", "beaver"];

    /// <summary>Reads names that commas separate.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="what">What one name is, for the message.</param>
    /// <param name="known">The names there are.</param>
    /// <exception cref="FormatException">A name is unknown (the message lists those there are) or comes twice.</exception>
    public static string[] ParseNames(string text, string what, string[] known)
    {
        string[] names = text.Split(',', StringSplitOptions.TrimEntries);
        if (names.FirstOrDefault(n => !known.Contains(n, StringComparer.Ordinal)) is { } unknown)
        {
            throw new FormatException($"There is no {what} '{unknown}'; there are {string.Join(", ", known)}.");
        }

        return names.Distinct(StringComparer.Ordinal).Count() == names.Length
            ? names
            : throw new FormatException($"'{text}' names a {what} twice.");
    }

    /// <summary>For titles.</summary>
    public override string ToString() => $"{Transport}, {Product}";
}
