using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Submission;

/// <summary>A job that is ready to be submitted.</summary>
/// <param name="Index">Its place among the jobs that were asked for.</param>
/// <param name="Start">What was asked for.</param>
/// <param name="Template">The lines that it shares with any job like it.</param>
/// <param name="Section">What it shares with jobs of its cluster.</param>
/// <param name="Arguments">Its arguments, as they are written.</param>
internal sealed record PreparedJob(int Index, JobStart Start, string Template, JobSection Section, string Arguments)
{
    public string Name => Start.Name;

    public string Account => Start.Spec.Account;

    public int Attempt => Start.Attempt;
}
