using Gateway.Core.Clusters;

namespace Gateway.Core.Reconciliation;

/// <summary>What is wrong with the sections <c>Reconciliation</c> and <c>Lifecycle</c>: each failure with its full key, the value and what is allowed.</summary>
internal static class LoopSettingsValidator
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan Year = TimeSpan.FromDays(366);

    public static IEnumerable<string> Failures(string section, ReconcilerSettings s) =>
        new[]
        {
            Within(section, nameof(s.Lease), s.Lease, TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(10)),
            Within(section, nameof(s.Batch), s.Batch, 1, 1000),
            Within(section, nameof(s.Parallelism), s.Parallelism, 1, 64),
            Within(section, nameof(s.PollPeriod), s.PollPeriod, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1)),
            Within(section, nameof(s.PulsePeriod), s.PulsePeriod, TimeSpan.FromMilliseconds(500), TimeSpan.FromMinutes(1)),
            Within(section, nameof(s.PulseGap), s.PulseGap, s.PulsePeriod + s.PulsePeriod, TimeSpan.FromHours(1)),
            Within(section, nameof(s.StrayGrace), s.StrayGrace, TimeSpan.FromSeconds(10), Year),
            Within(section, nameof(s.StrayShare), s.StrayShare, 0, 1),
            Within(section, nameof(s.StrayMinimum), s.StrayMinimum, 0, int.MaxValue),
            Within(section, nameof(s.RetainEnded), s.RetainEnded, TimeSpan.FromMinutes(1), 10 * Year),
            Within(section, nameof(s.RetainLogs), s.RetainLogs, TimeSpan.Zero, 10 * Year),
            Within(section, nameof(s.MaxLogSize), s.MaxLogSize, 1024, 1 << 30),
            Within(section, nameof(s.TidyPeriod), s.TidyPeriod, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
        }.OfType<string>();

    public static IEnumerable<string> Failures(string section, PlannerSettings s) =>
        new[]
        {
            Within(section, nameof(s.ClusterStartTimeout), s.ClusterStartTimeout, TimeSpan.FromSeconds(1), Day),
            Within(section, nameof(s.HeartbeatTimeout), s.HeartbeatTimeout, TimeSpan.FromSeconds(2), Day),
            Within(section, nameof(s.WorkerStartTimeout), s.WorkerStartTimeout, TimeSpan.FromSeconds(1), Day),
            Within(section, nameof(s.HeldTimeout), s.HeldTimeout, TimeSpan.Zero, Year),
            Within(section, nameof(s.WorkerExitGrace), s.WorkerExitGrace, TimeSpan.Zero, TimeSpan.FromHours(1)),
            Within(section, nameof(s.WorkerStartFailureLimit), s.WorkerStartFailureLimit, 1, 1_000_000),
            Within(section, nameof(s.WorkerBackoff), s.WorkerBackoff, TimeSpan.Zero, TimeSpan.FromHours(1)),
            Within(section, nameof(s.MaxWorkerBackoff), s.MaxWorkerBackoff, s.WorkerBackoff, Day),
            Within(section, nameof(s.IdleGrace), s.IdleGrace, TimeSpan.Zero, Day),
        }.OfType<string>();

    private static string? Within<T>(string section, string name, T value, T least, T most)
        where T : IComparable<T> =>
        value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0 ? null : $"{section}:{name} is {value}; allowed are {least} to {most}.";
}
