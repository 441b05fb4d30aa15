namespace Gateway.Core.Backends;

/// <summary>One of a job's two output streams.</summary>
public enum JobOutput
{
    /// <summary>Standard output.</summary>
    Output,

    /// <summary>Standard error.</summary>
    Error,
}
