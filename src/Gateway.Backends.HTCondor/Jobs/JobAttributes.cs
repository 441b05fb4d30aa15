namespace Gateway.Backends.HTCondor.Jobs;

/// <summary>What every job of the gateway carries in its ad.</summary>
internal static class JobAttributes
{
    public const string Gateway = "DaskGatewayId";
    public const string Label = "DaskGatewayLabel";
    public const string Backend = "DaskGatewayBackend";
    public const string Cluster = "DaskGatewayCluster";
    public const string Job = "DaskGatewayJob";
    public const string Kind = "DaskGatewayKind";
    public const string Account = "DaskGatewayAccount";
    public const string Attempt = "DaskGatewayAttempt";
}
