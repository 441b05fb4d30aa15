namespace Gateway.Backends.Local;

/// <summary>Whose processes the jobs are.</summary>
internal enum RunAs
{
    /// <summary>The gateway's own account.</summary>
    Gateway,

    /// <summary>The account that the cluster's specification names.</summary>
    Account,
}

/// <summary>What <c>HOME</c> is for a job.</summary>
internal enum HomeFolder
{
    /// <summary>The home folder of the account that it runs as.</summary>
    Account,

    /// <summary>The job's own working directory.</summary>
    Job,
}

/// <summary>Settings of a local backend, section <c>Backends:{name}</c>; described in docs/backend-local.md.</summary>
internal sealed record LocalOptions
{
    public required string Folder { get; init; }

    public RunAs RunAs { get; init; }

    public uint MinUid { get; init; } = 1000;

    public HomeFolder Home { get; init; }

    public int MaxJobs { get; init; } = 1000;

    public int Nice { get; init; }

    public int OomScoreAdjust { get; init; } = 500;

    public IReadOnlyList<string> InheritEnvironment { get; init; } = ["PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"];

    public TimeSpan InterruptWait { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan TerminateWait { get; init; } = TimeSpan.FromSeconds(5);

    public long MaxLogSize { get; init; } = 64L << 20;

    public TimeSpan CheckPeriod { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan ListPeriod { get; init; } = TimeSpan.FromSeconds(2);

    public TimeSpan KeepEnded { get; init; } = TimeSpan.FromDays(7);
}
