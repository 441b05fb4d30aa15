using System.Text.Json.Serialization;
using Gateway.Core.Clusters;

namespace Gateway.Storage.Schema;

/// <summary>What rows hold as JSON. Unknown members are skipped: a newer version may have written them.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ClusterSpec))]
[JsonSerializable(typeof(JobResources))]
[JsonSerializable(typeof(Heartbeat))]
internal sealed partial class StorageJson : JsonSerializerContext;
