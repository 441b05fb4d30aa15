using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gateway.Server.Api.Admin;
using Gateway.Server.Api.Clusters;
using Gateway.Server.Api.Errors;
using Gateway.Server.Api.Health;
using Gateway.Server.Api.Version;

namespace Gateway.Server.Api.Json;

/// <summary>All JSON of the API.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(HealthReport))]
[JsonSerializable(typeof(VersionReport))]
[JsonSerializable(typeof(ClusterReport))]
[JsonSerializable(typeof(Dictionary<string, ClusterReport>))]
[JsonSerializable(typeof(CreateCluster.Created))]
[JsonSerializable(typeof(ScaleAnswer))]
[JsonSerializable(typeof(ClusterEvents.Timeline))]
[JsonSerializable(typeof(ClusterWorkers.WorkerList))]
[JsonSerializable(typeof(ClusterLogs.LogPage))]
[JsonSerializable(typeof(ReplicaList.Report))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>For answers: sentences keep their quotes and dashes, which no browser takes for markup in this content type.</summary>
    public static ApiJson Answers { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
