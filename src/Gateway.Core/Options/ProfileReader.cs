using Gateway.Core.Clusters;

namespace Gateway.Core.Options;

/// <summary>The choices of a select, and what each stands for: <c>Values:{choice}:{target}</c>.</summary>
internal sealed class ProfileReader(SettingsReader settings)
{
    private static readonly string[] Lists = ["Options", "Values"];

    private static readonly ClusterSpec Probe = new() { SchedulerBackend = "", Account = "" };

    /// <summary>The choices: those listed, in their order, or else the names of the profiles.</summary>
    public static IReadOnlyList<string> Choices(SettingsReader settings)
    {
        var listed = settings.Below("Options").Children().Select(child => settings.Text($"Options:{child.Key}") ?? "").ToList();
        return listed.Count > 0 ? listed : [.. settings.Below("Values").Children().Select(child => child.Key)];
    }

    /// <summary>What the chosen profile sets; null when there are no profiles.</summary>
    public Func<ClusterSpec, OptionValue, ClusterSpec>? Read(string option, OptionType type, Action<string> claim)
    {
        var profiles = settings.Below("Values").Children().ToDictionary(child => child.Key, child => ReadProfile(child.Settings, option, claim), StringComparer.Ordinal);
        if (type != OptionType.Select)
        {
            foreach (var key in Lists.Where(key => settings.Below(key).Children().Any()))
            {
                settings.Fail(key, "makes sense for an option of type select only");
            }

            return null;
        }

        var choices = Choices(settings);
        if (choices.Count == 0 || choices.Contains("") || choices.Distinct(StringComparer.Ordinal).Count() != choices.Count)
        {
            settings.Fail("Options", "must list one or more strings, none of them empty or twice");
        }

        foreach (var name in profiles.Keys.Where(name => !choices.Contains(name)))
        {
            settings.Fail($"Values:{name}", "is not one of the option's Options");
        }

        return profiles.Count == 0 ? null : (spec, value) => profiles.TryGetValue(value.Text, out var profile)
            ? profile.Aggregate(spec, (current, set) => set(current))
            : spec;
    }

    private static List<Func<ClusterSpec, ClusterSpec>> ReadProfile(SettingsReader profile, string option, Action<string> claim)
    {
        var setters = new List<Func<ClusterSpec, ClusterSpec>>();
        foreach (var (name, text) in profile.Texts())
        {
            if (SpecTargets.Find(name) is not { } target || target is EnvironmentTarget)
            {
                profile.Fail(name, $"is not a target; it must be {SpecTargets.Allowed}, without a bare environment");
                continue;
            }

            claim(name);
            var set = target.Bind(option, null, null, null);
            var value = new OptionValue(text);
            setters.Add(spec => set(spec, value));
            try
            {
                set(Probe, value);
            }
            catch (PublicException)
            {
                profile.Fail(name, $"is '{text}', which this target does not take");
            }
        }

        return setters;
    }
}
