namespace Gateway.Backends.HTCondor.Options;

/// <summary>A schedd: an entry of <c>Backends:{name}:Schedds</c>.</summary>
internal sealed class ScheddOptions
{
    /// <summary>Its name (<c>-name</c>); empty: the one of this host.</summary>
    public string Name { get; set; } = "";

    /// <summary>The collector that knows it (<c>-pool</c>), <c>host</c> or <c>host:port</c>; empty: the configured one.</summary>
    public string Pool { get; set; } = "";

    /// <summary>What it is called in handles, listings and logs.</summary>
    public string Scope => Name.Length > 0 ? Name : "local";
}
