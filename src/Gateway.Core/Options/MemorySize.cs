using System.Buffers;
using System.Globalization;

namespace Gateway.Core.Options;

/// <summary>Amounts of memory and disk as people write them: <c>2 G</c>, <c>2GiB</c>, <c>512 MB</c>, plain bytes.</summary>
/// <remarks>K, M, G, T and P are powers of 1024 with and without <c>i</c> and <c>B</c>, as batch systems and the standard server read them.</remarks>
public static class MemorySize
{
    /// <summary>What is allowed, for messages.</summary>
    public const string Allowed = "a number of bytes or a number with K, M, G, T or P (powers of 1024; KB, KiB and so on are the same), such as '2 GiB'";

    private const string Prefixes = "KMGTP";

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    /// <summary>Reads a size.</summary>
    /// <param name="text">A number of 0 or more, and perhaps a unit.</param>
    /// <param name="defaultUnit">Bytes that a number without a unit counts in.</param>
    /// <param name="bytes">The size, rounded down.</param>
    /// <returns>False when it is no size or does not fit 63 bits.</returns>
    public static bool TryParse(string? text, long defaultUnit, out long bytes)
    {
        bytes = 0;
        var trimmed = text.AsSpan().Trim();
        var digits = trimmed.IndexOfAnyExcept(Digits);
        var number = digits < 0 ? trimmed : trimmed[..digits];
        var suffix = digits < 0 ? [] : trimmed[digits..].TrimStart();
        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            || !TryUnit(suffix, defaultUnit, out var unit)
            || value > long.MaxValue / (decimal)unit)
        {
            return false;
        }

        bytes = (long)(value * unit);
        return true;
    }

    /// <summary>Reads a unit such as <c>GiB</c>; an empty one is the default.</summary>
    public static bool TryUnit(ReadOnlySpan<char> suffix, long defaultUnit, out long unit)
    {
        unit = defaultUnit;
        if (suffix.IsEmpty)
        {
            return true;
        }

        if (suffix.Equals("B", StringComparison.OrdinalIgnoreCase))
        {
            unit = 1;
            return true;
        }

        var power = Prefixes.IndexOf(char.ToUpperInvariant(suffix[0]), StringComparison.Ordinal);
        var rest = suffix[1..];
        unit = power < 0 ? 0 : 1L << (10 * (power + 1));
        return power >= 0 && (rest.IsEmpty || rest.Equals("B", StringComparison.OrdinalIgnoreCase) || rest.Equals("iB", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Writes a size in the largest unit that leaves at most two decimals, such as <c>1.5 GiB</c>.</summary>
    public static string Format(long bytes)
    {
        for (var power = Prefixes.Length; power > 0; power--)
        {
            var value = bytes / (decimal)(1L << (10 * power));
            if (value >= 1 && value * 100 == decimal.Truncate(value * 100))
            {
                return string.Create(CultureInfo.InvariantCulture, $"{value:0.##} {Prefixes[power - 1]}iB");
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes");
    }
}
