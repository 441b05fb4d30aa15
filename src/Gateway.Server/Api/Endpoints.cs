using Gateway.Server.Api.Errors;

namespace Gateway.Server.Api;

/// <summary>What endpoints say of themselves, for the OpenAPI document.</summary>
internal static class Endpoints
{
    /// <summary>For what monitors and load balancers ask, some of them with HEAD.</summary>
    public static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Names an endpoint and its answer.</summary>
    public static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder endpoint, string name, string summary, int status = StatusCodes.Status200OK) =>
        endpoint.WithName(name).WithSummary(summary).Answers<T>(status);

    /// <summary>One more answer.</summary>
    public static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder endpoint, int status) => endpoint.Produces<T>(status, "application/json");

    /// <summary>The errors that an endpoint may answer with, besides 500 and 503.</summary>
    public static TBuilder Fails<TBuilder>(this TBuilder endpoint, params int[] statuses)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata([.. statuses.Select(status => new ProducesResponseTypeMetadata(status, typeof(ErrorBody), ["application/json"]))]);
}
