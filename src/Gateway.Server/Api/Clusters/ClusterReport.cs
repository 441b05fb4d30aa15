using Gateway.Server.Api.Json;

namespace Gateway.Server.Api.Clusters;

/// <summary>A cluster as the standard client reads it.</summary>
/// <remarks>The client passes every key on to a constructor: one more would break those that are out there. New facts go to new routes.</remarks>
/// <param name="Name">Its name.</param>
/// <param name="Status"><c>PENDING</c>, <c>RUNNING</c>, <c>STOPPING</c>, <c>STOPPED</c> or <c>FAILED</c>.</param>
/// <param name="DashboardRoute">Where its dashboard is, without any prefix, while it runs with one; else null.</param>
/// <param name="StartTime">When it was created, milliseconds since 1970.</param>
/// <param name="StopTime">When it ended, milliseconds since 1970; null until then.</param>
/// <param name="Options">Its options, all of them.</param>
/// <param name="TlsCert">Its certificate, PEM, to its owner while it runs; else null.</param>
/// <param name="TlsKey">Its key, PEM, to its owner while it runs; else null.</param>
internal sealed record ClusterReport(
    string Name,
    string Status,
    string? DashboardRoute,
    long StartTime,
    long? StopTime,
    RawJson Options,
    string? TlsCert,
    string? TlsKey);
