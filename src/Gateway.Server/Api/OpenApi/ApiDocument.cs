using System.Text.Json;
using System.Text.Json.Serialization;
using Gateway.Server.Api.Json;
using Gateway.Server.Auth;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Gateway.Server.Api.OpenApi;

/// <summary>The OpenAPI document at <c>/api/openapi.json</c>.</summary>
internal static class ApiDocument
{
    private const string UserScheme = "user";
    private const string CookieScheme = "session";
    private const string TokenScheme = "cluster-token";

    public static void AddDocument(this IServiceCollection services)
    {
        // Schemas come from the same contracts as the answers.
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default);
            json.SerializerOptions.TypeInfoResolverChain.Insert(1, DocumentJson.Default);
        });
        services.AddOpenApi(options =>
        {
            options.ShouldInclude = description => description.HttpMethod != HttpMethods.Head && description.RelativePath?.StartsWith("api/", StringComparison.Ordinal) == true;
            options.AddDocumentTransformer(DescribeDocument);
            options.AddOperationTransformer(DescribeOperationAsync);
            options.AddSchemaTransformer(DescribeSchema);
        });
    }

    private static Task DescribeDocument(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new() { Title = "Dask cluster gateway", Version = "v1", Description = "Every user's own Dask clusters. All paths are below the configured path prefix." };
        document.Servers?.Clear();

        // The generator drops the slash that these URLs end in.
        if (document.Paths.Remove("/api/v1/clusters", out var clusters))
        {
            document.Paths["/api/v1/clusters/"] = clusters;
        }

        document.Components ??= new();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [UserScheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Header,
                Name = "Authorization",
                Description = "As configured: Basic, jupyterhub TOKEN, Negotiate or Bearer. The WWW-Authenticate header of a 401 names the scheme.",
            },
            [CookieScheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Cookie,
                Name = "session",
                Description = "The session cookie that a successful sign-in sets.",
            },
            [TokenScheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Header,
                Name = "Authorization",
                Description = "token TOKEN, with the token that the cluster's scheduler was given.",
            },
        };
        return Task.CompletedTask;
    }

    private static async Task DescribeOperationAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        if (context.Description.RelativePath!.Contains("{name}", StringComparison.Ordinal) && operation.Parameters?.Any(parameter => parameter.Name == "name") != true)
        {
            Add(operation, new() { Name = "name", In = ParameterLocation.Path, Required = true, Schema = new OpenApiSchema { Type = JsonSchemaType.String } });
        }

        foreach (var query in metadata.OfType<QueryMetadata>())
        {
            var type = query.Type == "integer" ? JsonSchemaType.Integer : JsonSchemaType.String;
            Add(operation, new() { Name = query.Name, In = ParameterLocation.Query, Description = query.Description, Schema = new OpenApiSchema { Type = type } });
        }

        if (metadata.OfType<RequestBodyMetadata>().FirstOrDefault() is { } body)
        {
            var schema = await context.GetOrCreateSchemaAsync(body.Type, null, cancellationToken);
            operation.RequestBody = new OpenApiRequestBody { Required = true, Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = new() { Schema = schema } } };
        }

        DescribeSecurity(operation, context, metadata);
    }

    private static void DescribeSecurity(OpenApiOperation operation, OpenApiOperationTransformerContext context, IList<object> metadata)
    {
        var policy = metadata.OfType<IAuthorizeData>().Select(data => data.Policy).FirstOrDefault();
        string[] schemes = policy switch
        {
            Policies.UserOrClusterToken => [UserScheme, CookieScheme, TokenScheme],
            not null => [UserScheme, CookieScheme],
            _ when metadata.OfType<IAllowAnonymous>().Any() => [TokenScheme],
            _ => [],
        };
        operation.Security = [.. schemes.Select(scheme => new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(scheme, context.Document)] = [] })];
    }

    private static Task DescribeSchema(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.JsonTypeInfo.Type == typeof(RawJson))
        {
            schema.Type = JsonSchemaType.Object;
        }

        return Task.CompletedTask;
    }

    private static void Add(OpenApiOperation operation, OpenApiParameter parameter) => (operation.Parameters ??= []).Add(parameter);
}
