using System.Collections.Concurrent;
using Gateway.Core.Backends;
using Microsoft.Extensions.Configuration;

namespace Gateway.Backends.HTCondor.Options;

/// <summary>Resolves the layers of a job's submit options.</summary>
internal sealed class SubmitLayers(IConfigurationSection section)
{
    private readonly ConcurrentDictionary<(JobKind, string), SubmitOptions> _resolved = new();

    /// <summary>Names of the profiles there are.</summary>
    public IReadOnlyList<string> Profiles { get; } = [.. section.GetSection("Profiles").GetChildren().Select(child => child.Key)];

    public bool Has(string profile) => profile.Length == 0 || Profiles.Contains(profile, StringComparer.OrdinalIgnoreCase);

    /// <summary>Every layer that a backend's section has.</summary>
    public static IEnumerable<IConfigurationSection> Sections(IConfigurationSection section) =>
        [section.GetSection("Submit"), .. Enum.GetNames<JobKind>().Select(section.GetSection), .. section.GetSection("Profiles").GetChildren()];

    /// <summary>The options of a kind of job in a profile that there is.</summary>
    public SubmitOptions Resolve(JobKind kind, string profile) => _resolved.GetOrAdd((kind, profile.ToUpperInvariant()), _ =>
    {
        var options = new SubmitOptions();
        foreach (var layer in Layers(kind, profile))
        {
            layer.Bind(options);
        }

        return options;
    });

    private IEnumerable<IConfigurationSection> Layers(JobKind kind, string profile)
    {
        yield return section.GetSection("Submit");
        yield return section.GetSection(kind.ToString());
        if (profile.Length > 0)
        {
            yield return section.GetSection($"Profiles:{profile}");
        }
    }
}
