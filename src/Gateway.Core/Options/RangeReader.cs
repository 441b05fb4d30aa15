using System.Globalization;

namespace Gateway.Core.Options;

/// <summary>The bounds of an option's numbers.</summary>
internal sealed class RangeReader
{
    private static readonly string[] Keys = ["Min", "Max"];

    private readonly SettingsReader _settings;

    public RangeReader(SettingsReader settings, OptionType type)
    {
        _settings = settings;
        switch (type)
        {
            case OptionType.Int:
                Check(Whole, "a whole number");
                break;
            case OptionType.Float:
                Check(Number, "a number");
                break;
            case OptionType.String:
                break;
            default:
                foreach (var key in Keys.Where(key => settings.Text(key) is not null))
                {
                    settings.Fail(key, $"makes no sense for an option of type {type.ToString().ToLowerInvariant()}");
                }

                break;
        }
    }

    public long? Whole(string key) => long.TryParse(_settings.Text(key), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : null;

    public double? Number(string key) => double.TryParse(_settings.Text(key), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value : null;

    private void Check<T>(Func<string, T?> read, string allowed)
        where T : struct, IComparable<T>
    {
        foreach (var key in Keys.Where(key => _settings.Text(key) is not null && read(key) is null))
        {
            _settings.Fail(key, $"is '{_settings.Text(key)}'; it must be {allowed}");
        }

        if (read("Min") is { } min && read("Max") is { } max && min.CompareTo(max) > 0)
        {
            _settings.Fail("Min", $"is {_settings.Text("Min")}, above Max, {_settings.Text("Max")}");
        }
    }
}
