using Gateway.Core.Store;
using Gateway.Server.Api.Json;
using Gateway.Server.Auth;

namespace Gateway.Server.Api.Clusters;

/// <summary>The caller's clusters.</summary>
internal static class ListClusters
{
    public static async Task<JsonAnswer<Dictionary<string, ClusterReport>>> HandleAsync(
        HttpContext http, IClusterStore store, ClusterReports reports, CancellationToken cancellationToken)
    {
        var caller = http.GetCaller();
        var status = http.Request.Query.TryGetValue("status", out var values) ? values.ToString() : null;
        var views = await store.ListAsync(new() { OwnerId = caller.UserId, Phases = ClusterStatus.Parse(status) }, cancellationToken);
        return JsonAnswers.Answer(await reports.MakeAsync(views, caller, cancellationToken), ApiJson.Answers.DictionaryStringClusterReport);
    }
}
