using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Gateway.Proxy.Configuration;

/// <summary>Reads a section key by key, collecting what is wrong: with a value, and with keys that nobody reads.</summary>
internal sealed class SectionReader
{
    private readonly IConfigurationSection _section;
    private readonly List<string> _errors;
    private readonly List<SectionReader> _all;
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);

    public SectionReader(IConfigurationSection section)
        : this(section, [], [])
    {
    }

    private SectionReader(IConfigurationSection section, List<string> errors, List<SectionReader> all)
    {
        (_section, _errors, _all) = (section, errors, all);
        all.Add(this);
    }

    public SectionReader Section(string key)
    {
        _known.Add(key);
        return new SectionReader(_section.GetSection(key), _errors, _all);
    }

    public int Number(string key, int fallback, int min, int max)
    {
        if (Value(key) is not { } text)
        {
            return fallback;
        }

        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= min && value <= max)
        {
            return value;
        }

        return Wrong(key, text, $"a whole number from {min} to {max}", fallback);
    }

    public TimeSpan Duration(string key, TimeSpan fallback, TimeSpan min, TimeSpan max, bool zero = false)
    {
        if (Value(key) is not { } text)
        {
            return fallback;
        }

        // A bare number would be taken for days.
        if (text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var value)
            && ((value >= min && value <= max) || (zero && value == TimeSpan.Zero)))
        {
            return value;
        }

        return Wrong(key, text, $"a duration (hours:minutes:seconds) from {min:c} to {max:c}{(zero ? ", or 00:00:00 for none" : "")}", fallback);
    }

    public T Choice<T>(string key, T fallback)
        where T : struct, Enum
    {
        if (Value(key) is not { } text)
        {
            return fallback;
        }

        var names = Enum.GetNames<T>();
        return names.Contains(text, StringComparer.OrdinalIgnoreCase)
            ? Enum.Parse<T>(text, ignoreCase: true)
            : Wrong(key, text, $"one of {string.Join(", ", names.Select(name => name.ToLowerInvariant()))}", fallback);
    }

    public string? Text(string key, string? fallback, Func<string, bool> isValid, string allowed) =>
        Value(key) is not { } text ? fallback : isValid(text) ? text : Wrong(key, text, allowed, fallback);

    public IReadOnlyList<string> List(string key, IReadOnlyList<string> fallback, Func<string, bool> isValid, string allowed)
    {
        if (Value(key) is { } single)
        {
            return Wrong(key, single, "a list", fallback);
        }

        var items = _section.GetSection(key).GetChildren().ToList();
        foreach (var item in items.Where(item => !isValid(item.Value ?? "")))
        {
            _errors.Add($"{item.Path} is '{item.Value}'; allowed is {allowed}");
        }

        return items.Count == 0 ? fallback : [.. items.Select(item => item.Value ?? "")];
    }

    /// <exception cref="OptionsValidationException">Something was wrong, here or in a part.</exception>
    public void ThrowIfWrong()
    {
        foreach (var reader in _all)
        {
            reader.FindUnknown();
        }

        if (_errors.Count > 0)
        {
            throw new OptionsValidationException(_section.Path, typeof(ProxyOptions), _errors);
        }
    }

    private string? Value(string key)
    {
        _known.Add(key);
        return _section[key] is { Length: > 0 } text ? text : null;
    }

    private T Wrong<T>(string key, string text, string allowed, T fallback)
    {
        _errors.Add($"{_section.GetSection(key).Path} is '{text}'; allowed is {allowed}");
        return fallback;
    }

    private void FindUnknown()
    {
        foreach (var child in _section.GetChildren().Where(child => !_known.Contains(child.Key)))
        {
            _errors.Add($"{child.Path} is not a key of this section; its keys are {string.Join(", ", _known)}");
        }
    }
}
