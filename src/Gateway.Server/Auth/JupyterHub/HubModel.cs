using System.Text.Json.Serialization;

namespace Gateway.Server.Auth.JupyterHub;

/// <summary>What the Hub says of the owner of a token, as far as it matters here.</summary>
internal sealed record HubModel(string? Name, string? Kind, bool? Admin, IReadOnlyList<string>? Groups, IReadOnlyList<string>? Scopes);

/// <summary>What the Hub gives for a code.</summary>
internal sealed class HubToken
{
    public string? AccessToken { get; init; }
}

/// <summary>Why it gives nothing (RFC 6749, section 5.2).</summary>
internal sealed record HubError(string? Error);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(HubModel))]
[JsonSerializable(typeof(HubToken))]
[JsonSerializable(typeof(HubError))]
internal sealed partial class HubJson : JsonSerializerContext;
