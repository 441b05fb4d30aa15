using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Gateway.Core.Clusters;

namespace Gateway.Core.Options;

/// <summary>Section <c>Options</c>: an array whose elements declare an option each.</summary>
internal sealed partial class SchemaReader(ClusterSpec defaults)
{
    /// <summary>The section's name.</summary>
    public const string Section = "Options";

    private const int LongestString = 4096;
    private const int LongestMapping = 65536;

    private static readonly string[] Keys = ["Field", "Label", "Type", "Default", "Min", "Max", "Options", "Values", "Target", "Unit", "Pattern", "MaxLength"];

    private readonly Dictionary<string, string> _targets = new(StringComparer.Ordinal);
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>Reads the schema; what is wrong goes to the reader's failures.</summary>
    public OptionsSchema Read(SettingsReader options) =>
        new([.. options.Children().Select(child => ReadField(child.Settings)).OfType<OptionField>()]);

    private OptionField? ReadField(SettingsReader settings)
    {
        settings.Allow(Keys);
        var name = settings.Text("Field") ?? "";
        if (!Identifier().IsMatch(name))
        {
            settings.Fail("Field", $"is '{name}'; it must be a Python name: letters, digits and underscores, at most 64, no digit first");
        }
        else if (!_names.Add(name))
        {
            settings.Fail("Field", $"is '{name}', as that of another option");
        }

        if (ReadType(settings) is not { } type)
        {
            return null;
        }

        var apply = ReadTarget(settings, name, type);
        return apply is null ? null : Make(settings, name, type, apply);
    }

    private static OptionType? ReadType(SettingsReader settings)
    {
        var text = settings.Text("Type");
        foreach (var type in Enum.GetValues<OptionType>())
        {
            if (string.Equals(type.ToString(), text, StringComparison.OrdinalIgnoreCase))
            {
                return type;
            }
        }

        settings.Fail("Type", $"is '{text}'; it must be string, bool, int, float, select or mapping");
        return null;
    }

    private OptionField? Make(SettingsReader settings, string name, OptionType type, Func<ClusterSpec, OptionValue, ClusterSpec> apply)
    {
        var label = settings.Text("Label") ?? name;
        var ranges = new RangeReader(settings, type);
        var value = DefaultValue(settings, type, ranges);
        OptionField field = type switch
        {
            OptionType.String => new StringField(name, label, settings.Whole("MaxLength", 1, 1 << 20) ?? LongestString, ReadPattern(settings)) { Default = value, Apply = apply },
            OptionType.Bool => new BoolField(name, label) { Default = value, Apply = apply },
            OptionType.Int => new IntField(name, label, ranges.Whole("Min"), ranges.Whole("Max")) { Default = value, Apply = apply },
            OptionType.Float => new FloatField(name, label, ranges.Number("Min"), ranges.Number("Max")) { Default = value, Apply = apply },
            OptionType.Select => new SelectField(name, label, ProfileReader.Choices(settings)) { Default = value, Apply = apply },
            _ => new MappingField(name, label, settings.Whole("MaxLength", 2, 1 << 20) ?? LongestMapping) { Default = value, Apply = apply },
        };

        try
        {
            field.Apply(defaults, field.Read(value));
            return field;
        }
        catch (PublicException e)
        {
            settings.Fail("Default", $"is not allowed by the option itself: {e.Message}");
            return null;
        }
    }

    private Func<ClusterSpec, OptionValue, ClusterSpec>? ReadTarget(SettingsReader settings, string name, OptionType type)
    {
        var profiles = new ProfileReader(settings).Read(name, type, target => Claim(settings, target));
        if (settings.Text("Target") is not { } text)
        {
            if (profiles is null)
            {
                settings.Fail("Target", $"is missing; it must be {SpecTargets.Allowed}");
            }

            return profiles;
        }

        if (SpecTargets.Find(text) is not { } target)
        {
            settings.Fail("Target", $"is '{text}'; it must be {SpecTargets.Allowed}");
            return null;
        }

        if (!target.Types.Contains(type))
        {
            settings.Fail("Target", $"is '{text}', which takes {string.Join(", ", target.Types.Select(allowed => allowed.ToString().ToLowerInvariant()))}, not {type.ToString().ToLowerInvariant()}");
            return null;
        }

        // Numbers have their bounds in the description that clients read; a text's bounds are the target's own.
        var (min, max) = type == OptionType.String ? (settings.Text("Min"), settings.Text("Max")) : (null, null);
        if (target.Problem(settings.Text("Unit"), min, max) is { } problem)
        {
            settings.Fail("Target", $"is '{text}', which {problem}");
            return null;
        }

        Claim(settings, text);
        var bound = target.Bind(name, settings.Text("Unit"), min, max);
        return profiles is null ? bound : (spec, value) => bound(profiles(spec, value), value);
    }

    private void Claim(SettingsReader settings, string target)
    {
        if (target != "none" && !_targets.TryAdd(target, settings.Path) && _targets[target] != settings.Path)
        {
            settings.Fail("Target", $"is '{target}', which {_targets[target]} sets already");
        }
    }

    private static JsonElement DefaultValue(SettingsReader settings, OptionType type, RangeReader ranges)
    {
        var text = settings.Text("Default");
        var json = type switch
        {
            OptionType.String => Quote(text ?? ""),
            OptionType.Bool => text?.ToLowerInvariant() ?? "false",
            OptionType.Int => text ?? Math.Clamp(0, ranges.Whole("Min") ?? 0, Math.Max(ranges.Whole("Min") ?? 0, ranges.Whole("Max") ?? 0)).ToString(CultureInfo.InvariantCulture),
            OptionType.Float => text ?? Math.Clamp(0, ranges.Number("Min") ?? 0, Math.Max(ranges.Number("Min") ?? 0, ranges.Number("Max") ?? 0)).ToString("R", CultureInfo.InvariantCulture),
            OptionType.Select => Quote(text ?? ProfileReader.Choices(settings).FirstOrDefault("")),
            _ => $"{{{string.Join(",", settings.Texts("Default").Select(member => $"{Quote(member.Key)}:{Quote(member.Value)}"))}}}",
        };

        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            // No JSON of its type: as a string it is refused with the usual words.
            using var document = JsonDocument.Parse(Quote(json));
            return document.RootElement.Clone();
        }
    }

    private static Regex? ReadPattern(SettingsReader settings)
    {
        if (settings.Text("Pattern") is not { } pattern)
        {
            return null;
        }

        try
        {
            // Users choose the text: only this engine has no pattern that takes longer than linear time.
            return new($@"\A(?:{pattern})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            settings.Fail("Pattern", $"is '{pattern}', which is not a regular expression that can be used here: {e.Message.TrimEnd('.')}");
            return null;
        }
    }

    private static string Quote(string text) => $"\"{JavaScriptEncoder.Default.Encode(text)}\"";

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]{0,63}\z")]
    private static partial Regex Identifier();
}
