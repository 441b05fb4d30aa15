namespace Gateway.Backends.HTCondor.Jobs;

/// <summary>What finds a job again: its schedd, its id there, and whose it is.</summary>
/// <remarks>Written as <c>scope#cluster.proc#account#dask-cluster</c>.</remarks>
internal sealed record CondorHandle(string Scope, JobId Id, string Account, string Cluster)
{
    public override string ToString() => $"{Scope}#{Id}#{Account}#{Cluster}";

    /// <summary>Reads a handle; null for text that is none.</summary>
    public static CondorHandle? Parse(string? text)
    {
        var parts = text?.Split('#') ?? [];
        return parts.Length == 4 && JobId.TryParse(parts[1], out var id) ? new CondorHandle(parts[0], id, parts[2], parts[3]) : null;
    }
}
