namespace Gateway.Core.Dask;

/// <summary>The plugin through which a scheduler talks to the gateway.</summary>
public enum SchedulerPlugin
{
    /// <summary>The gateway's own, delivered with the job: images need nothing but <c>distributed</c>.</summary>
    Gateway,

    /// <summary><c>dask_gateway.scheduler_preload</c>, which the image must have.</summary>
    Standard,
}
