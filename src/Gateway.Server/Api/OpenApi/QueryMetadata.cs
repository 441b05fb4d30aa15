namespace Gateway.Server.Api.OpenApi;

/// <summary>A value that an endpoint reads from the query, for its description.</summary>
/// <param name="Name">Its key.</param>
/// <param name="Description">What it means and what is allowed.</param>
/// <param name="Type">Its JSON type.</param>
internal sealed record QueryMetadata(string Name, string Description, string Type);
