using System.Globalization;
using Gateway.Core.Clusters;

namespace Gateway.Core.Options;

/// <summary>The targets that options can have, by the name that configuration gives them.</summary>
internal static class SpecTargets
{
    /// <summary>What is allowed, for messages.</summary>
    public const string Allowed = "worker.cores, worker.memory, worker.disk, worker.gpus, worker.threads, scheduler.cores, scheduler.memory, scheduler.disk, image, "
        + "idle-timeout, no-client-timeout, max-lifetime, environment, environment.NAME, backend.KEY or none";

    private const string EnvironmentPrefix = "environment.";
    private const string BackendPrefix = "backend.";

    private static readonly OptionType[] Texts = [OptionType.String, OptionType.Select];

    /// <summary>The target of a name; null when there is none.</summary>
    public static SpecTarget? Find(string name) => name switch
    {
        "none" => new TextTarget(Enum.GetValues<OptionType>(), (spec, _) => spec),
        "worker.cores" => Cores((spec, value) => spec with { Worker = spec.Worker with { Cores = value } }),
        "worker.memory" => Size((spec, value) => spec with { Worker = spec.Worker with { Memory = value } }),
        "worker.disk" => Size((spec, value) => spec with { Worker = spec.Worker with { Disk = value } }),
        "worker.gpus" => Count(0, (spec, value) => spec with { Worker = spec.Worker with { Gpus = value } }),
        "worker.threads" => Count(1, (spec, value) => spec with { Worker = spec.Worker with { Threads = value } }),
        "scheduler.cores" => Cores((spec, value) => spec with { Scheduler = spec.Scheduler with { Cores = value } }),
        "scheduler.memory" => Size((spec, value) => spec with { Scheduler = spec.Scheduler with { Memory = value } }),
        "scheduler.disk" => Size((spec, value) => spec with { Scheduler = spec.Scheduler with { Disk = value } }),
        "image" => new TextTarget(Texts, (spec, value) => spec with { Image = value }),
        "idle-timeout" => Time((spec, value) => spec with { IdleTimeout = value }),
        "no-client-timeout" => Time((spec, value) => spec with { NoClientTimeout = value }),
        "max-lifetime" => Time((spec, value) => spec with { MaxLifetime = value }),
        "environment" => new EnvironmentTarget(),
        _ when Key(name, EnvironmentPrefix) is { } variable => EnvironmentNames.Problem(variable) is null
            ? new TextTarget([OptionType.String, OptionType.Select, OptionType.Int, OptionType.Float, OptionType.Bool], (spec, value) => spec with { Environment = With(spec.Environment, variable, value) })
            : null,
        _ when Key(name, BackendPrefix) is { } key => new TextTarget(Enum.GetValues<OptionType>(), (spec, value) => spec with { Backend = With(spec.Backend, key, value) }),
        _ => null,
    };

    private static QuantityTarget<double> Cores(Func<ClusterSpec, double, ClusterSpec> set) => new(
        [OptionType.Int, OptionType.Float, OptionType.Select],
        "a number above 0",
        (text, unit) => unit is null && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value > 0 && double.IsFinite(value) ? value : null,
        set);

    private static QuantityTarget<int> Count(int least, Func<ClusterSpec, int, ClusterSpec> set) => new(
        [OptionType.Int, OptionType.Select],
        $"a whole number of {least} or more",
        (text, unit) => unit is null && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least ? value : null,
        set);

    private static QuantityTarget<long> Size(Func<ClusterSpec, long, ClusterSpec> set) => new(
        [OptionType.Int, OptionType.Float, OptionType.String, OptionType.Select],
        MemorySize.Allowed + ", above 0",
        (text, unit) => MemorySize.TryUnit(unit, 1, out var bytes) && MemorySize.TryParse(text, bytes, out var value) && value > 0 ? value : null,
        set);

    // 0 means never, as in the standard server.
    private static QuantityTarget<TimeSpan> Time(Func<ClusterSpec, TimeSpan?, ClusterSpec> set) => new(
        [OptionType.Int, OptionType.Float, OptionType.String, OptionType.Select],
        Duration.Allowed,
        (text, unit) => Duration.TryUnit(unit, TimeSpan.FromSeconds(1), out var each) && Duration.TryParse(text, each, out var value) ? value : null,
        (spec, value) => set(spec, value == TimeSpan.Zero ? null : value));

    private static string? Key(string name, string prefix) =>
        name.Length > prefix.Length && name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : null;

    private static Dictionary<string, string> With(IReadOnlyDictionary<string, string> values, string key, string value) => new(values, StringComparer.Ordinal) { [key] = value };
}
