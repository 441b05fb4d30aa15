namespace Gateway.Storage.Schema;

/// <summary>Written by executors and monitors.</summary>
internal sealed class JobRow
{
    public required string Name { get; set; }

    public required string Cluster { get; set; }

    public required string Kind { get; set; }

    public required string Backend { get; set; }

    public string? Node { get; set; }

    public string? Handle { get; set; }

    public required string State { get; set; }

    public string? Reason { get; set; }

    public string? Host { get; set; }

    public int? ExitCode { get; set; }

    public bool CloseExpected { get; set; }

    public DateTimeOffset StartedAt { get; set; }

    public DateTimeOffset StateSince { get; set; }

    public string? CheckedAddress { get; set; }

    public string? AddressVerdict { get; set; }

    /// <summary>Set exactly when the state is the ended one.</summary>
    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>Nothing of it is left at the backend.</summary>
    public bool Clean { get; set; }
}
