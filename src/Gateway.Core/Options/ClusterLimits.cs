using System.Globalization;
using Gateway.Core.Clusters;

namespace Gateway.Core.Options;

/// <summary>Section <c>Limits</c>: the limits of everybody, and of the members of groups.</summary>
public sealed class ClusterLimits
{
    /// <summary>The section's name.</summary>
    public const string Section = "Limits";

    private static readonly string[] Keys = ["MaxWorkers", "MaxCores", "MaxMemory", "MaxClustersPerUser"];

    private readonly LimitSet _everybody;
    private readonly IReadOnlyDictionary<string, GroupLimits> _groups;

    private ClusterLimits(LimitSet everybody, IReadOnlyDictionary<string, GroupLimits> groups)
    {
        _everybody = everybody;
        _groups = groups;
    }

    /// <summary>A member of several groups gets the most generous of what they set, key by key; a key that none of them sets is everybody's.</summary>
    public LimitSet For(IReadOnlyList<string> groups)
    {
        var found = groups.Select(group => _groups.GetValueOrDefault(group)).OfType<GroupLimits>().ToList();
        return found.Count == 0 ? _everybody : new()
        {
            MaxWorkers = Most(found, "MaxWorkers", set => set.MaxWorkers, _everybody.MaxWorkers),
            MaxCores = Most(found, "MaxCores", set => set.MaxCores, _everybody.MaxCores),
            MaxMemory = Most(found, "MaxMemory", set => set.MaxMemory, _everybody.MaxMemory),
            MaxClustersPerUser = Most(found, "MaxClustersPerUser", set => set.MaxClustersPerUser, _everybody.MaxClustersPerUser),
        };
    }

    /// <summary>The specification with its most workers, resolved from all limits together.</summary>
    /// <exception cref="PublicException">422: the scheduler and a single worker do not fit.</exception>
    public static ClusterSpec Apply(LimitSet limits, ClusterSpec spec)
    {
        var most = limits.MaxWorkers;

        // Workers that somebody else submits have resources that the gateway does not know.
        if (limits.MaxCores is { } cores && spec.WorkerBackend is not null)
        {
            // A hair's breadth, so that 1.2 cores hold 3 workers of 0.4 although the quotient is 2.9999….
            var workers = ((cores - spec.Scheduler.Cores) / spec.Worker.Cores) + 1e-9;
            most = Least(most, Fit(workers, Cores(cores), Cores(spec.Scheduler.Cores), Cores(spec.Worker.Cores)));
        }

        if (limits.MaxMemory is { } memory && spec.WorkerBackend is not null)
        {
            var workers = (memory - spec.Scheduler.Memory) / (double)spec.Worker.Memory;
            most = Least(most, Fit(workers, MemorySize.Format(memory), MemorySize.Format(spec.Scheduler.Memory), MemorySize.Format(spec.Worker.Memory)));
        }

        return spec with { MaxWorkers = most };
    }

    internal static ClusterLimits Read(SettingsReader settings)
    {
        settings.Allow([.. Keys, "Groups"]);
        var groups = settings.Below("Groups").Children().ToDictionary(
            group => group.Key,
            group =>
            {
                group.Settings.Allow(Keys);
                return new GroupLimits(Set(group.Settings), Keys.Where(key => group.Settings.Text(key) is not null).ToHashSet());
            },
            StringComparer.Ordinal);
        return new(Set(settings), groups);
    }

    private static LimitSet Set(SettingsReader settings) => new()
    {
        MaxWorkers = settings.IsNone("MaxWorkers") ? null : settings.Whole("MaxWorkers", 0),
        MaxCores = settings.IsNone("MaxCores") ? null : settings.Positive("MaxCores"),
        MaxMemory = settings.IsNone("MaxMemory") ? null : settings.Size("MaxMemory"),
        MaxClustersPerUser = settings.IsNone("MaxClustersPerUser") ? null : settings.Whole("MaxClustersPerUser", 0),
    };

    private static T? Most<T>(List<GroupLimits> groups, string key, Func<LimitSet, T?> value, T? everybody)
        where T : struct, IComparable<T>
    {
        var set = groups.Where(group => group.Keys.Contains(key)).Select(group => value(group.Limits)).ToList();
        return set.Count == 0 ? everybody : set.Contains(null) ? null : set.Max();
    }

    private static int Fit(double workers, string limit, string scheduler, string worker) => workers < 1
        ? throw new PublicException(422, $"A cluster may have {limit} in all: its scheduler ({scheduler}) and one worker ({worker}) do not fit. Ask for smaller workers.")
        : (int)Math.Min(workers, int.MaxValue);

    private static int Least(int? one, int other) => one is { } value ? Math.Min(value, other) : other;

    private static string Cores(double value) => string.Create(CultureInfo.InvariantCulture, $"{value} {(value == 1 ? "core" : "cores")}");

    private sealed record GroupLimits(LimitSet Limits, IReadOnlySet<string> Keys);
}
