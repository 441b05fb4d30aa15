using System.Text.Json.Serialization;

namespace Gateway.Server.Auth.JupyterHub;

/// <summary>What the Hub says of the owner of a token, as far as it matters here.</summary>
internal sealed record HubModel(string? Name, string? Kind, bool? Admin, IReadOnlyList<string>? Groups, IReadOnlyList<string>? Scopes);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(HubModel))]
internal sealed partial class HubJson : JsonSerializerContext;
