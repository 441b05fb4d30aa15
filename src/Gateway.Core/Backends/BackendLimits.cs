namespace Gateway.Core.Backends;

/// <summary>How much the executor asks of a backend at once: section <c>Backends:{name}:Limits</c>.</summary>
public sealed class BackendLimits
{
    /// <summary>Most jobs in one call, 1 to 10000.</summary>
    public int Batch { get; set; } = 2000;

    /// <summary>Most calls at a time, 1 to 64.</summary>
    public int Calls { get; set; } = 4;

    /// <summary>How long one call may take before it is given up and its outcome asked for, 1 s to 1 h.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromMinutes(2);
}
