using System.Text.Json.Serialization;
using Gateway.Server.Api.Clusters;
using Gateway.Server.Api.Heartbeats;
using Gateway.Server.Api.Options;

namespace Gateway.Server.Api.OpenApi;

/// <summary>Forms that are read or written by hand and appear in the document only.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(OptionsDocument))]
[JsonSerializable(typeof(HeartbeatDocument))]
[JsonSerializable(typeof(CreateCluster.Request), TypeInfoPropertyName = "CreateRequest")]
[JsonSerializable(typeof(ScaleCluster.Request), TypeInfoPropertyName = "ScaleRequest")]
[JsonSerializable(typeof(AdaptCluster.Request), TypeInfoPropertyName = "AdaptRequest")]
[JsonSerializable(typeof(string))]
internal sealed partial class DocumentJson : JsonSerializerContext;
