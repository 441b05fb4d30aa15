using Gateway.Backends.HTCondor.Jobs;

namespace Gateway.Backends.HTCondor.Events;

/// <summary>An entry of a job event log: what is used of it.</summary>
internal sealed record CondorEvent(JobId Job, CondorEventType Type)
{
    /// <summary>The machine of an execution, without its slot.</summary>
    public string? Host { get; init; }

    /// <summary>Why it was held, removed, evicted or lost.</summary>
    public string? Reason { get; init; }

    public int? Code { get; init; }

    public int? SubCode { get; init; }

    public int? ExitCode { get; init; }

    public int? Signal { get; init; }
}
