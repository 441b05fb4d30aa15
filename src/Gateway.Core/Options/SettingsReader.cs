using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Gateway.Core.Options;

/// <summary>Reads one section's values and collects what is wrong with them, each with its full key, its value and what is allowed.</summary>
/// <remarks>An empty value counts as not set, so that an environment variable can take a setting back.</remarks>
public sealed class SettingsReader(IConfigurationSection section, ICollection<string> failures)
{
    /// <summary>The section's own key.</summary>
    public string Path => section.Path;

    /// <summary>A text; null when it is not set.</summary>
    public string? Text(string key) => section[key] is { Length: > 0 } value ? value : null;

    /// <summary>A whole number; null when it is not set or wrong.</summary>
    public int? Whole(string key, int min, int max = int.MaxValue) =>
        Parse(key, $"a whole number from {min} to {max}", text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max ? value : (int?)null);

    /// <summary>A number above 0; null when it is not set or wrong.</summary>
    public double? Positive(string key) =>
        Parse(key, "a number above 0", text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value > 0 && double.IsFinite(value) ? value : (double?)null);

    /// <summary>Bytes, above 0; null when it is not set or wrong.</summary>
    public long? Size(string key) =>
        Parse(key, MemorySize.Allowed + ", above 0", text => MemorySize.TryParse(text, 1, out var value) && value > 0 ? value : (long?)null);

    /// <summary>A length of time above 0; null when it is not set or wrong.</summary>
    public TimeSpan? Time(string key) =>
        Parse(key, Duration.Allowed + ", above 0", text => Duration.TryParse(text, TimeSpan.FromSeconds(1), out var value) && value > TimeSpan.Zero ? value : (TimeSpan?)null);

    /// <summary>A length of time; null when it is not set, wrong, or 0 or <c>none</c>, which mean never.</summary>
    public TimeSpan? Timeout(string key) => IsNone(key) || Parse(key, Duration.Allowed + ", or 'none'", ReadTime) is not { } value || value == TimeSpan.Zero ? null : value;

    /// <summary>Whether a value is the word <c>none</c>.</summary>
    public bool IsNone(string key) => string.Equals(Text(key), "none", StringComparison.OrdinalIgnoreCase);

    /// <summary>The texts of a section below this one, by key; empty when there is none.</summary>
    public IReadOnlyDictionary<string, string> Texts(string key) => Below(key).Texts();

    /// <summary>The texts of this section, by key.</summary>
    public IReadOnlyDictionary<string, string> Texts() => section.GetChildren().ToDictionary(child => child.Key, child => child.Value ?? "", StringComparer.Ordinal);

    /// <summary>A reader of a section below this one.</summary>
    public SettingsReader Below(string key) => new(section.GetSection(key), failures);

    /// <summary>Readers of the sections below this one, in order.</summary>
    public IEnumerable<(string Key, SettingsReader Settings)> Children() => section.GetChildren().Select(child => (child.Key, new SettingsReader(child, failures)));

    /// <summary>Refuses every key of the section that is not known.</summary>
    public void Allow(params string[] keys)
    {
        foreach (var child in section.GetChildren().Where(child => !keys.Contains(child.Key, StringComparer.OrdinalIgnoreCase)))
        {
            failures.Add($"{child.Path} is not a setting. Allowed here: {string.Join(", ", keys)}.");
        }
    }

    /// <summary>Notes that a value is wrong.</summary>
    /// <param name="key">The key below the section; empty for the section itself.</param>
    /// <param name="problem">What is wrong and what is allowed, without a full stop.</param>
    public void Fail(string key, string problem) => failures.Add($"{(key.Length == 0 ? section.Path : $"{section.Path}:{key}")} {problem}.");

    private static TimeSpan? ReadTime(string text) => Duration.TryParse(text, TimeSpan.FromSeconds(1), out var value) ? value : null;

    private T? Parse<T>(string key, string allowed, Func<string, T?> parse)
        where T : struct
    {
        if (Text(key) is not { } text)
        {
            return null;
        }

        var value = parse(text);
        if (value is null)
        {
            Fail(key, $"is '{text}'; it must be {allowed}");
        }

        return value;
    }
}
