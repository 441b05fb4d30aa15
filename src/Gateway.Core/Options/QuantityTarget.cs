using Gateway.Core.Clusters;

namespace Gateway.Core.Options;

/// <summary>A number, a size or a length of time.</summary>
/// <param name="types">The types of options that can set it.</param>
/// <param name="allowed">What is allowed, for messages.</param>
/// <param name="parse">Reads a text whose numbers count in a unit; null: not allowed.</param>
/// <param name="set">Sets it.</param>
internal sealed class QuantityTarget<T>(OptionType[] types, string allowed, Func<string, string?, T?> parse, Func<ClusterSpec, T, ClusterSpec> set) : SpecTarget
    where T : struct, IComparable<T>
{
    public override IReadOnlyList<OptionType> Types => types;

    public override string? Problem(string? unit, string? min, string? max) =>
        unit is not null && parse("1", unit) is null ? $"cannot be counted in '{unit}'"
        : new[] { min, max }.Any(bound => bound is not null && parse(bound, unit) is null) ? $"has a bound that is not {allowed}"
        : null;

    public override Func<ClusterSpec, OptionValue, ClusterSpec> Bind(string option, string? unit, string? min, string? max)
    {
        var least = min is null ? null : parse(min, unit);
        var most = max is null ? null : parse(max, unit);
        return (spec, value) =>
        {
            if (parse(value.Text, unit) is not { } quantity)
            {
                throw new PublicException(422, $"{option} must be {allowed}, got {JsonText.Show(value.Text)}");
            }

            if ((least is { } low && quantity.CompareTo(low) < 0) || (most is { } high && quantity.CompareTo(high) > 0))
            {
                throw new PublicException(422, $"{option} must be {(min, max) switch { (not null, not null) => $"from {min} to {max}", (not null, _) => $"{min} or more", _ => $"{max} or less" }}, got {JsonText.Show(value.Text)}");
            }

            return set(spec, quantity);
        };
    }
}
