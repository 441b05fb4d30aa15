using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Jobs;

/// <summary>What output files are called: the job's name and one of these.</summary>
internal static class OutputFiles
{
    public const string Output = "out";
    public const string Error = "err";

    /// <summary>The names of both files of a job, as a ClassAd expression over its ad.</summary>
    public const string Both = $"strcat({JobAttributes.Job}, \".{Output},\", {JobAttributes.Job}, \".{Error}\")";

    public static string Name(string job, JobOutput stream) => $"{job}.{(stream == JobOutput.Output ? Output : Error)}";
}
