using System.Text.Json;
using Gateway.Core.Clusters;
using Gateway.Core.People;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Gateway.Core.Options;

/// <summary>What users may ask for: defaults, options and limits together, as configured.</summary>
/// <param name="Defaults">Section <c>Clusters</c>.</param>
/// <param name="Options">Section <c>Options</c>.</param>
/// <param name="Limits">Section <c>Limits</c>.</param>
public sealed record ClusterPolicy(ClusterDefaults Defaults, OptionsSchema Options, ClusterLimits Limits)
{
    /// <summary>Reads all three sections.</summary>
    /// <exception cref="OptionsValidationException">Each message names a full key, the value and what is allowed.</exception>
    public static ClusterPolicy Read(IConfiguration configuration)
    {
        var failures = new List<string>();
        var defaults = ClusterDefaults.Read(new(configuration.GetSection(ClusterDefaults.Section), failures));
        var limits = ClusterLimits.Read(new(configuration.GetSection(ClusterLimits.Section), failures));
        var options = new SchemaReader(defaults.Spec("")).Read(new(configuration.GetSection(SchemaReader.Section), failures));
        return failures.Count == 0 ? new(defaults, options, limits) : throw new OptionsValidationException(nameof(ClusterPolicy), typeof(ClusterPolicy), failures);
    }

    /// <summary>The cluster that a caller's options make.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="account">The account that the caller's jobs belong to.</param>
    /// <param name="options">What the caller gave; null or undefined: nothing.</param>
    /// <returns>All options in order as JSON, and the specification.</returns>
    /// <exception cref="PublicException">422: says what was wrong and what is allowed.</exception>
    public (string Options, ClusterSpec Spec) Resolve(Caller caller, string account, JsonElement options)
    {
        var (json, spec) = Options.Apply(options, Defaults.Spec(account));
        return (json, ClusterLimits.Apply(Limits.For(caller.Groups), spec));
    }
}
