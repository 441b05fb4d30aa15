namespace Gateway.Storage.Schema;

/// <summary>A gateway process.</summary>
internal sealed class ReplicaRow
{
    public required string Name { get; set; }

    public required string Version { get; set; }

    public DateTimeOffset StartedAt { get; set; }

    public DateTimeOffset PulseAt { get; set; }
}
