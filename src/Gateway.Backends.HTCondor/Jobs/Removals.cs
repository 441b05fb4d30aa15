namespace Gateway.Backends.HTCondor.Jobs;

/// <summary>Why a job's own policy has removed it, as written into its ad.</summary>
internal static class Removals
{
    public const string Lost = "gateway: lost its machine";
    public const string Overdue = "gateway: wall time over";
    public const string Stale = "gateway: credentials too old";
    public const string Unstartable = "gateway: could not be started";
    public const string Forgotten = "gateway: held for too long";
}
