using System.Text.Json;
using Gateway.Core.Clusters;

namespace Gateway.Core.Options;

/// <summary>The environment variables of a user's jobs, from a mapping.</summary>
internal sealed class EnvironmentTarget : SpecTarget
{
    public override IReadOnlyList<OptionType> Types { get; } = [OptionType.Mapping];

    public override string? Problem(string? unit, string? min, string? max) => unit is null ? null : "has no unit";

    public override Func<ClusterSpec, OptionValue, ClusterSpec> Bind(string option, string? unit, string? min, string? max) => (spec, value) =>
    {
        var environment = new Dictionary<string, string>(spec.Environment, StringComparer.Ordinal);
        foreach (var member in value.Map.EnumerateObject())
        {
            var name = JsonText.TryName(member, out var text) ? text : "";
            if (EnvironmentNames.Problem(name) is { } problem)
            {
                throw new PublicException(422, $"{option}: '{JsonText.Show(name)}' {problem}");
            }

            environment[name] = member.Value.ValueKind == JsonValueKind.Number ? member.Value.GetRawText()
                : JsonText.TryString(member.Value, out var content) && !content.Any(char.IsControl) ? content
                : throw new PublicException(422, $"{option}: {name} must be a string without control characters or a number, got {JsonText.Show(member.Value)}");
        }

        return spec with { Environment = environment };
    };
}
