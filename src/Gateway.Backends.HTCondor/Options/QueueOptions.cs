namespace Gateway.Backends.HTCondor.Options;

/// <summary>What a schedd is spared: <c>Backends:{name}:Queue</c>.</summary>
internal sealed class QueueOptions
{
    /// <summary>Calls of condor_submit per minute and schedd; 1 or more.</summary>
    public int SubmissionsPerMinute { get; set; } = 120;

    /// <summary>Idle jobs of this gateway per schedd; 1 or more.</summary>
    public int IdleJobs { get; set; } = 5000;

    /// <summary>Jobs in one submission; 1 or more.</summary>
    public int JobsPerSubmission { get; set; } = 2000;

    /// <summary>Duty cycle (0 to 1) of a schedd's daemon from which on others are preferred; the collector tells it of schedds by name.</summary>
    public double BusyDutyCycle { get; set; } = 0.95;

    /// <summary>For how long a schedd that failed is avoided while others are there.</summary>
    public TimeSpan AvoidFor { get; set; } = TimeSpan.FromMinutes(1);
}
