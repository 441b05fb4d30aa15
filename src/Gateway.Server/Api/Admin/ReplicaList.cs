using Gateway.Core.Store;
using Gateway.Server.Api.Json;

namespace Gateway.Server.Api.Admin;

/// <summary>The gateway processes that share this database.</summary>
internal static class ReplicaList
{
    /// <summary>All that gave a sign of life within the last minute.</summary>
    /// <param name="Replicas">The oldest first.</param>
    internal sealed record Report(IReadOnlyList<Line> Replicas);

    /// <summary>One process. Times are milliseconds since 1970, by the database's clock.</summary>
    /// <param name="Name">Machine, process and a random part.</param>
    /// <param name="Version">Its product version.</param>
    /// <param name="StartTime">Its first sign of life.</param>
    /// <param name="LastSeen">Its latest.</param>
    /// <param name="Leases">Clusters that it works on at this moment.</param>
    internal sealed record Line(string Name, string Version, long StartTime, long LastSeen, int Leases);

    public static async Task<JsonAnswer<Report>> HandleAsync(IGatewayStore store, CancellationToken cancellationToken)
    {
        var replicas = await store.ReplicasAsync(cancellationToken);
        return JsonAnswers.Answer(
            new Report([.. replicas.Select(r => new Line(r.Name, r.Version, r.StartedAt.ToUnixTimeMilliseconds(), r.PulseAt.ToUnixTimeMilliseconds(), r.Leases))]),
            ApiJson.Answers.Report);
    }
}
