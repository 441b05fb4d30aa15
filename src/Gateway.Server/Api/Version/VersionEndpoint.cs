using System.Reflection;
using System.Text.Json;
using Gateway.Server.Api.Json;

namespace Gateway.Server.Api.Version;

/// <summary>The product's version.</summary>
internal static class VersionEndpoint
{
    public static void MapVersion(this IEndpointRouteBuilder api)
    {
        // Without the commit that the build appends: clients show this text to people.
        var version = typeof(VersionEndpoint).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
        ReadOnlyMemory<byte> answer = JsonSerializer.SerializeToUtf8Bytes(new VersionReport(version), ApiJson.Answers.VersionReport);
        api.MapMethods("/version", Endpoints.Reading, (HttpContext http, CancellationToken cancellationToken) => JsonAnswers.WriteAsync(http, answer, cancellationToken))
            .WithTags("Gateway").Answers<VersionReport>("Version", "The gateway's version.");
    }
}
