using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Trident.Console.Text;

/// <summary>Lists such as <c>1,2,16</c> on the command line.</summary>
public static class NumberList
{
    /// <summary>Reads whole numbers that commas separate; spaces around a number are allowed.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="what">What one number is, for the message.</param>
    /// <exception cref="FormatException">An entry is empty, is no whole number, or does not fit 32 bits.</exception>
    public static int[] Parse(string text, string what)
    {
        string[] entries = text.Split(',');
        int[] numbers = new int[entries.Length];
        for (int i = 0; i < entries.Length; i++)
        {
            string entry = entries[i].Trim();
            if (!int.TryParse(entry, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out numbers[i]))
            {
                throw new FormatException($"'{entry}' in '{text}' is not a {what}: expected whole numbers separated by commas, such as 1,2,3.");
            }
        }

        return numbers;
    }

    /// <summary>As <see cref="Parse"/>, and every number must lie in a range.</summary>
    /// <exception cref="FormatException">As <see cref="Parse"/>, or a number lies outside.</exception>
    public static int[] Parse(string text, string what, int lowest, int highest)
    {
        int[] numbers = Parse(text, what);
        foreach (int number in numbers)
        {
            if (number < lowest || number > highest)
            {
                throw new FormatException($"{number} is not a {what}: {lowest} to {highest} are allowed.");
            }
        }

        return numbers;
    }

    /// <summary>Turns a parser into one for an option; a <see cref="FormatException"/> becomes a usage error.</summary>
    internal static Func<ArgumentResult, T?> ForOption<T>(Func<string, T> parse) => result =>
    {
        try
        {
            return parse(result.Tokens.Count == 0 ? "" : result.Tokens[0].Value);
        }
        catch (FormatException e)
        {
            result.AddError(e.Message);
            return default;
        }
    };

    /// <summary>Refuses values of an option below <paramref name="lowest"/> or above <paramref name="highest"/>.</summary>
    internal static void Between(this Option option, int lowest, int highest) => option.Validators.Add(result =>
    {
        // What is no number at all is refused by the option itself.
        if (result.Tokens is [Token token] && int.TryParse(token.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            && (value < lowest || value > highest))
        {
            result.AddError($"{option.Name} {value} is out of range: {lowest} to {highest} are allowed.");
        }
    });
}
