namespace Gateway.Proxy.Presence;

/// <summary>Who is connected to one cluster through this process.</summary>
/// <param name="Name">The cluster's name.</param>
/// <param name="Open">Relayed connections that are open now: clients', and those of workers that come the same way.</param>
/// <param name="LastClosed">When the latest one closed; null when none has closed since this process first heard of the cluster.</param>
public sealed record ClusterPresence(string Name, int Open, DateTimeOffset? LastClosed);
