using Gateway.Core.Dask;

namespace Gateway.Core.Backends;

/// <summary>A configured backend.</summary>
/// <param name="Name">Its name in the configuration.</param>
/// <param name="Backend">The backend itself.</param>
/// <param name="Dask">How Dask's processes are started on it.</param>
/// <param name="Limits">What the executor may ask of it.</param>
/// <param name="Health">Whether it answers.</param>
public sealed record BackendInstance(string Name, IJobBackend Backend, DaskSettings Dask, BackendLimits Limits, BackendHealth Health);
