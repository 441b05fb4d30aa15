namespace Gateway.Backends.HTCondor.Options;

/// <summary>One HTCondor backend: the section <c>Backends:{name}</c>.</summary>
internal sealed class HTCondorOptions
{
    /// <summary>Pause between two listings of all jobs. Events are heard of in between. 1 s to 1 h.</summary>
    public TimeSpan ListPeriod { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Folder for submit files, tokens, event logs and output, readable by this program; empty: the instance's own data folder.</summary>
    public string Folder { get; set; } = "";

    public ToolOptions Tools { get; set; } = new();

    /// <summary>Where jobs are submitted; none: the schedd of this host.</summary>
    public List<ScheddOptions> Schedds { get; set; } = [];

    public IdentityOptions Identity { get; set; } = new();

    public FileOptions Files { get; set; } = new();

    public EventLogOptions EventLog { get; set; } = new();

    public QueueOptions Queue { get; set; } = new();

    public IdleOptions Idle { get; set; } = new();

    public HistoryOptions History { get; set; } = new();

    /// <summary>What users may set through their cluster options, by field name; a field that is not here is refused.</summary>
    public Dictionary<string, UserFieldOptions> UserFields { get; set; } = [];

    /// <summary>The profile of clusters that name none; empty: none.</summary>
    public string DefaultProfile { get; set; } = "";
}
