namespace Gateway.Backends.HTCondor.Options;

/// <summary>
/// What jobs ask for: <c>Backends:{name}:Submit</c>, over it <c>…:Scheduler</c> or <c>…:Worker</c>, over it <c>…:Profiles:{profile}</c>.
/// A later layer replaces single values; lists and dictionaries grow.
/// </summary>
internal sealed class SubmitOptions
{
    /// <summary>ClassAd expression that a machine must fulfil; empty: any.</summary>
    public string Requirements { get; set; } = "";

    /// <summary>ClassAd expression, larger is better; empty: none.</summary>
    public string Rank { get; set; } = "";

    /// <summary>Names of concurrency limits, each taken once per job.</summary>
    public List<string> ConcurrencyLimits { get; set; } = [];

    /// <summary>Scratch disk in bytes where the cluster names none; null: HTCondor's default.</summary>
    public long? Disk { get; set; }

    /// <summary>Attributes of the job's ad: name to ClassAd expression (a string has its own quotes).</summary>
    public Dictionary<string, string> Attributes { get; set; } = [];

    /// <summary>Further lines of the submit description, as they are.</summary>
    public List<string> Lines { get; set; } = [];

    /// <summary>Environment variables of jobs; those of the cluster win.</summary>
    public Dictionary<string, string> Environment { get; set; } = [];

    /// <summary>Words put before the job's command, such as a script of the site that sets it up.</summary>
    public List<string> Wrapper { get; set; } = [];

    /// <summary>The longest that a job may run; null: no limit. The job is removed after it, and workers leave before it.</summary>
    public TimeSpan? MaxDuration { get; set; }

    /// <summary>Attribute that tells the site of <see cref="MaxDuration"/> in seconds, such as <c>MaxRuntime</c>; empty: none.</summary>
    public string DurationAttribute { get; set; } = "";

    /// <summary>After so long without contact a machine counts as lost (<c>job_lease_duration</c>); 20 s or more.</summary>
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a job may take to end when it is told to (<c>job_max_vacate_time</c>).</summary>
    public TimeSpan MaxVacateTime { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a job that was held before it ran is released by HTCondor itself.</summary>
    public int ReleaseTimes { get; set; } = 2;

    /// <summary>How long it stays held each time.</summary>
    public TimeSpan ReleaseAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Hold codes that may pass by themselves; none: opening the output (7), a hook (9), transfer of input (13), the job's folder (14), the starter's network (28), the container (35).</summary>
    public List<int> ReleaseCodes { get; set; } = [];

    /// <summary>A job that stays held for so long is removed, whoever is there to see it.</summary>
    public TimeSpan HeldRetention { get; set; } = TimeSpan.FromHours(12);

    /// <summary>True: output is sent while the job runs. False: when it ends by itself; what a removed or lost job has written is then lost.</summary>
    public bool StreamOutput { get; set; } = true;

    /// <summary>In MiB: of streamed output what is kept (folder mode: the end; spool: the beginning and a last piece); of other output all that is brought back, and a job with more is held. 1 or more.</summary>
    public int MaxOutputMegabytes { get; set; } = 100;

    public ContainerOptions Container { get; set; } = new();
}
