namespace Gateway.Server.Api.Heartbeats;

/// <summary>The form of a heartbeat, for its description; it is read by <see cref="HeartbeatReader"/>. Unknown members are ignored.</summary>
/// <param name="SchedulerAddress"><c>tls://host:port</c>.</param>
/// <param name="DashboardAddress"><c>http://host:port</c>, or empty.</param>
/// <param name="ApiAddress"><c>http://host:port</c>.</param>
/// <param name="Count">How many workers it wants.</param>
/// <param name="ActiveWorkers">Names of those connected: strings or numbers.</param>
/// <param name="ClosingWorkers">Names of those it is about to retire.</param>
/// <param name="ClosedWorkers">Names of those that have gone.</param>
/// <param name="Incarnation">Random text of this scheduler process.</param>
/// <param name="Sequence">Grows with each heartbeat.</param>
/// <param name="IdleSince">Seconds for which it has had nothing to do; null: busy.</param>
internal sealed record HeartbeatDocument(
    string SchedulerAddress,
    string? DashboardAddress,
    string ApiAddress,
    int Count,
    IReadOnlyList<string> ActiveWorkers,
    IReadOnlyList<string> ClosingWorkers,
    IReadOnlyList<string> ClosedWorkers,
    string? Incarnation = null,
    long? Sequence = null,
    double? IdleSince = null);
