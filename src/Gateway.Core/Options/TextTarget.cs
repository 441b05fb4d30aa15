using Gateway.Core.Clusters;

namespace Gateway.Core.Options;

/// <summary>A text. An empty one leaves what configuration says.</summary>
/// <param name="types">The types of options that can set it.</param>
/// <param name="set">Sets it.</param>
internal sealed class TextTarget(OptionType[] types, Func<ClusterSpec, string, ClusterSpec> set) : SpecTarget
{
    public override IReadOnlyList<OptionType> Types => types;

    public override string? Problem(string? unit, string? min, string? max) => unit is null ? null : "has no unit";

    public override Func<ClusterSpec, OptionValue, ClusterSpec> Bind(string option, string? unit, string? min, string? max) =>
        (spec, value) => value.Text.Length == 0 ? spec : set(spec, value.Text);
}
