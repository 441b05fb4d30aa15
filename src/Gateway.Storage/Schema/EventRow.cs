namespace Gateway.Storage.Schema;

/// <summary>One line of a cluster's timeline.</summary>
internal sealed class EventRow
{
    public long Id { get; set; }

    public required string Cluster { get; set; }

    public string? Worker { get; set; }

    public DateTimeOffset At { get; set; }

    public required string Kind { get; set; }

    public required string Message { get; set; }

    public int? Count { get; set; }
}
