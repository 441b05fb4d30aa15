namespace Gateway.Core.Backends;

/// <summary>What became of one job that was to be started.</summary>
public abstract record StartOutcome
{
    private StartOutcome()
    {
    }

    /// <summary>It exists (now, or since an earlier try).</summary>
    /// <param name="Handle">What the backend finds it again by.</param>
    /// <param name="State">What it is doing already.</param>
    public sealed record Started(string Handle, JobState State = JobState.Pending) : StartOutcome;

    /// <summary>It can not be started as it is; trying again would not help.</summary>
    /// <param name="Reason">A sentence for its owner: what was wrong and what is allowed.</param>
    public sealed record Refused(string Reason) : StartOutcome;

    /// <summary>Not now: a limit is reached.</summary>
    /// <param name="After">How long to wait before the next try.</param>
    /// <param name="Reason">A sentence for its owner.</param>
    public sealed record Deferred(TimeSpan After, string Reason) : StartOutcome;
}
