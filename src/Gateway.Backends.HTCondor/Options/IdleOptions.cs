namespace Gateway.Backends.HTCondor.Options;

/// <summary>How waiting is explained: <c>Backends:{name}:Idle</c>.</summary>
internal sealed class IdleOptions
{
    /// <summary>HTCondor is asked to analyse jobs that no machine has matched for so long; zero: never.</summary>
    public TimeSpan AnalyzeAfter { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Pause between two analyses of like jobs; an analysis looks at every machine of the pool.</summary>
    public TimeSpan AnalyzePeriod { get; set; } = TimeSpan.FromMinutes(10);
}
