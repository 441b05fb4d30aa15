namespace Gateway.Storage.Schema;

/// <summary>Clients connected to a cluster through one replica.</summary>
internal sealed class ClientCountRow
{
    public required string Replica { get; set; }

    public required string Cluster { get; set; }

    public int Count { get; set; }
}
