using Gateway.Core.Clusters;

namespace Gateway.Core.Options;

/// <summary>A field of the cluster's specification that an option can set.</summary>
internal abstract class SpecTarget
{
    /// <summary>The types of options that can set it.</summary>
    public abstract IReadOnlyList<OptionType> Types { get; }

    /// <summary>What is wrong with a unit or with bounds in it; null: nothing.</summary>
    public abstract string? Problem(string? unit, string? min, string? max);

    /// <summary>Sets it from a value's text.</summary>
    /// <exception cref="PublicException">422: names the option, the value and what is allowed.</exception>
    public abstract Func<ClusterSpec, OptionValue, ClusterSpec> Bind(string option, string? unit, string? min, string? max);
}
