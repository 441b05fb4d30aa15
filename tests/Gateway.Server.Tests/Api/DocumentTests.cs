using System.Text.Json;

namespace Gateway.Server.Tests.Api;

public sealed class DocumentTests
{
    [Fact]
    public async Task Document_EveryRoute_HasItsAnswersErrorsAndSecurity()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient(null);

        var document = await client.ReadAsync("/api/openapi.json").JsonAsync();

        Assert.Equal(
            [
                "/api/health get 200,500,503 ",
                "/api/health/live get 200,500,503 ",
                "/api/health/ready get 200,500,503 ",
                "/api/v1/admin/replicas get 200,401,403,500,503 session,user",
                "/api/v1/clusters/ get 200,401,422,500,503 session,user",
                "/api/v1/clusters/ post 201,401,409,413,422,500,503 session,user",
                "/api/v1/clusters/{name} delete 204,401,403,500,503 cluster-token,session,user",
                "/api/v1/clusters/{name} get 200,401,403,404,409,500,503 session,user",
                "/api/v1/clusters/{name}/adapt post 200,401,403,404,409,413,422,500,503 session,user",
                "/api/v1/clusters/{name}/events get 200,401,403,404,422,500,503 session,user",
                "/api/v1/clusters/{name}/heartbeat post 200,401,413,422,500,503 cluster-token",
                "/api/v1/clusters/{name}/logs get 200,401,403,404,422,500,503 session,user",
                "/api/v1/clusters/{name}/scale post 200,401,403,404,409,413,422,500,503 session,user",
                "/api/v1/clusters/{name}/workers get 200,401,403,404,422,500,503 session,user",
                "/api/v1/options get 200,401,500,503 session,user",
                "/api/version get 200,500,503 ",
            ],
            Operations(document).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Document_Schemas_HaveTheKeysOfTheWire()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient(null);

        var document = await client.ReadAsync("/api/openapi.json").JsonAsync();

        var schemas = document.GetProperty("components").GetProperty("schemas");
        Assert.Equal(["name", "status", "dashboard_route", "start_time", "stop_time", "options", "tls_cert", "tls_key"], Keys(schemas.GetProperty("ClusterReport")));
        Assert.Equal(["error"], Keys(schemas.GetProperty("ErrorBody")));
        Assert.Equal(["ok", "msg"], Keys(schemas.GetProperty("ScaleAnswer")));
        var paths = document.GetProperty("paths");
        var scale = paths.GetProperty("/api/v1/clusters/{name}/scale").GetProperty("post");
        Assert.Contains("count", scale.GetProperty("requestBody").GetRawText() + schemas.GetRawText(), StringComparison.Ordinal);
        Assert.Contains(scale.GetProperty("parameters").EnumerateArray(), parameter => parameter.GetProperty("name").GetString() == "name");
        var heartbeat = paths.GetProperty("/api/v1/clusters/{name}/heartbeat").GetProperty("post");
        Assert.Contains(heartbeat.GetProperty("parameters").EnumerateArray(), parameter => parameter.GetProperty("name").GetString() == "name");
        Assert.Contains("active_workers", heartbeat.GetProperty("requestBody").GetRawText() + schemas.GetRawText(), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Operations(JsonElement document) =>
        from path in document.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        let statuses = operation.Value.GetProperty("responses").EnumerateObject().Select(response => response.Name).Order()
        let security = operation.Value.TryGetProperty("security", out var schemes) ? schemes.EnumerateArray().SelectMany(scheme => scheme.EnumerateObject()).Select(scheme => scheme.Name).Order() : Enumerable.Empty<string>()
        select $"{path.Name} {operation.Name} {string.Join(",", statuses)} {string.Join(",", security)}";

    private static IEnumerable<string> Keys(JsonElement schema) => schema.GetProperty("properties").EnumerateObject().Select(property => property.Name);
}
