namespace Gateway.Server.Api.OpenApi;

/// <summary>Describes what endpoints read by hand.</summary>
internal static class EndpointDescriptions
{
    /// <summary>The endpoint reads a JSON body of this form.</summary>
    public static IEndpointConventionBuilder Body<T>(this IEndpointConventionBuilder endpoint) => endpoint.WithMetadata(new RequestBodyMetadata(typeof(T)));

    /// <summary>The endpoint reads this value from the query.</summary>
    public static TBuilder Query<TBuilder>(this TBuilder endpoint, string name, string description, string type = "string")
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new QueryMetadata(name, description, type));
}
