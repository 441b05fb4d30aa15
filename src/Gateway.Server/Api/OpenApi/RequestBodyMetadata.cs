namespace Gateway.Server.Api.OpenApi;

/// <summary>The form of an endpoint's body, for its description. Bodies are read by hand, so that errors name what was wrong.</summary>
/// <param name="Type">The type whose schema describes it.</param>
internal sealed record RequestBodyMetadata(Type Type);
