using Gateway.Core.Clusters;

namespace Gateway.Core.Store;

/// <summary>A heartbeat to be stored.</summary>
/// <param name="Cluster">Whose.</param>
/// <param name="Heartbeat">What was said.</param>
/// <param name="Hash">A hash of all that was said but sequence and idle seconds: where it is the same in the store, only the time is refreshed.</param>
/// <param name="Checked">The scheduler's job with the verdict on these addresses, where it was found before the heartbeat was stored.</param>
public sealed record ReceivedHeartbeat(string Cluster, Heartbeat Heartbeat, long Hash, Job? Checked = null);
