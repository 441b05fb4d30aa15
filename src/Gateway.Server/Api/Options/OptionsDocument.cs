using System.Text.Json;

namespace Gateway.Server.Api.Options;

/// <summary>The form of what <c>/api/v1/options</c> answers, for its description; the answer itself is made once, at start.</summary>
/// <param name="ClusterOptions">The options in order.</param>
internal sealed record OptionsDocument(IReadOnlyList<OptionsDocument.Option> ClusterOptions)
{
    /// <summary>One option.</summary>
    /// <param name="Field">The key to give it by.</param>
    /// <param name="Label">What a form shows beside it.</param>
    /// <param name="Default">Its value when it is not given.</param>
    /// <param name="Spec">What is allowed.</param>
    internal sealed record Option(string Field, string Label, JsonElement Default, OptionSpec Spec);

    /// <summary>What is allowed.</summary>
    /// <param name="Type"><c>string</c>, <c>bool</c>, <c>int</c>, <c>float</c>, <c>select</c> or <c>mapping</c>.</param>
    /// <param name="Min">For numbers: the least, or null.</param>
    /// <param name="Max">For numbers: the greatest, or null.</param>
    /// <param name="Options">For a select: its choices.</param>
    internal sealed record OptionSpec(string Type, double? Min, double? Max, IReadOnlyList<string>? Options);
}
