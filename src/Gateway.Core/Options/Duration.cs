using System.Buffers;
using System.Globalization;

namespace Gateway.Core.Options;

/// <summary>Lengths of time as people write them: <c>90</c> (seconds), <c>30 min</c>, <c>2 h</c>, <c>1 d</c>, <c>01:30:00</c>.</summary>
public static class Duration
{
    /// <summary>What is allowed, for messages.</summary>
    public const string Allowed = "a number of seconds, a number with s, min, h or d such as '30 min', or hh:mm:ss";

    /// <summary>The longest that is accepted: ten years.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(3653);

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    /// <summary>Reads a length of time.</summary>
    /// <param name="text">A number of 0 or more and perhaps a unit, or <c>[d.]hh:mm:ss</c>.</param>
    /// <param name="defaultUnit">What a number without a unit counts in.</param>
    /// <param name="value">The length.</param>
    /// <returns>False when it is none or longer than <see cref="Longest"/>.</returns>
    public static bool TryParse(string? text, TimeSpan defaultUnit, out TimeSpan value)
    {
        value = default;
        var trimmed = text.AsSpan().Trim();
        if (trimmed.Contains(':'))
        {
            return TimeSpan.TryParse(trimmed, CultureInfo.InvariantCulture, out value) && value >= TimeSpan.Zero && value <= Longest;
        }

        var digits = trimmed.IndexOfAnyExcept(Digits);
        var suffix = digits < 0 ? [] : trimmed[digits..].TrimStart();
        return double.TryParse(digits < 0 ? trimmed : trimmed[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && TryUnit(suffix, defaultUnit, out var unit)
            && TryScale(number, unit, out value);
    }

    /// <summary>Reads a unit such as <c>min</c>; an empty one is the default.</summary>
    public static bool TryUnit(ReadOnlySpan<char> suffix, TimeSpan defaultUnit, out TimeSpan unit)
    {
        unit = suffix switch
        {
            "" => defaultUnit,
            "s" or "sec" or "second" or "seconds" => TimeSpan.FromSeconds(1),
            "m" or "min" or "minute" or "minutes" => TimeSpan.FromMinutes(1),
            "h" or "hour" or "hours" => TimeSpan.FromHours(1),
            "d" or "day" or "days" => TimeSpan.FromDays(1),
            _ => TimeSpan.Zero,
        };

        return unit > TimeSpan.Zero;
    }

    /// <summary>A number of units, where that is between nothing and <see cref="Longest"/>.</summary>
    public static bool TryScale(double number, TimeSpan unit, out TimeSpan value)
    {
        var fits = number >= 0 && number <= Longest / unit;
        value = fits ? number * unit : default;
        return fits;
    }

    /// <summary>Writes a length in the largest unit that it is a whole number of.</summary>
    public static string Format(TimeSpan value)
    {
        var (number, unit) = value switch
        {
            { Ticks: > 0 } when value.Ticks % TimeSpan.TicksPerDay == 0 => (value.TotalDays, "d"),
            { Ticks: > 0 } when value.Ticks % TimeSpan.TicksPerHour == 0 => (value.TotalHours, "h"),
            { Ticks: > 0 } when value.Ticks % TimeSpan.TicksPerMinute == 0 => (value.TotalMinutes, "min"),
            _ => (value.TotalSeconds, "s"),
        };

        return string.Create(CultureInfo.InvariantCulture, $"{number} {unit}");
    }
}
