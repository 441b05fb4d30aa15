using System.Net;
using Gateway.Server.Api.Health;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Tests.Api;

public sealed class GatewayTests
{
    [Theory]
    [InlineData("/api/health")]
    [InlineData("/api/health/live")]
    [InlineData("/api/health/ready")]
    public async Task Health_AllIsWell_Passes(string path)
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient(null);
        Assert.Equal("""{"status":"pass"}""", await (await client.ReadAsync(path)).TextAsync());
    }

    [Fact]
    public async Task Health_DatabaseAway_FailsButLives()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient(null);
        host.Store.IsSilent = true;

        var json = await client.ReadAsync("/api/health").JsonAsync(HttpStatusCode.ServiceUnavailable);

        Assert.Equal("""{"status":"fail","error":"the database does not answer","checks":{"database":"the database does not answer"}}""", json.GetRawText());
        await client.ReadAsync("/api/health/ready").JsonAsync(HttpStatusCode.ServiceUnavailable);
        await client.ReadAsync("/api/health/live").JsonAsync();
    }

    [Fact]
    public async Task Health_AskedOften_AsksTheDatabaseOnceASecond()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient(null);
        for (var i = 0; i < 10; i++)
        {
            await client.ReadAsync("/api/health").JsonAsync();
        }

        Assert.Equal(1, host.Database.Pings);
        host.Time.Advance(TimeSpan.FromSeconds(1));
        await client.ReadAsync("/api/health").JsonAsync();
        Assert.Equal(2, host.Database.Pings);
    }

    [Fact]
    public async Task Health_ProbeThatIsNotCritical_Warns()
    {
        await using var host = await ApiHost.StartAsync(services: services => services
            .AddSingleton<IHealthProbe>(new Probe("schedd", () => Task.FromResult<string?>("slow")))
            .AddSingleton<IHealthProbe>(new Probe("broken", () => throw new InvalidOperationException("secret"))));
        using var client = host.CreateClient(null);

        var json = await client.ReadAsync("/api/health").JsonAsync();

        Assert.Equal("""{"status":"warn","checks":{"schedd":"slow","broken":"the check itself failed; the log says more"}}""", json.GetRawText());
    }

    [Fact]
    public async Task Health_ProbeThatHangs_IsReportedAfterItsTime()
    {
        var never = new TaskCompletionSource<string?>();
        var asked = new TaskCompletionSource();
        await using var host = await ApiHost.StartAsync(services: services => services.AddSingleton<IHealthProbe>(new Probe("schedd", () =>
        {
            asked.SetResult();
            return never.Task;
        })));
        using var client = host.CreateClient(null);

        var answer = client.ReadAsync("/api/health").JsonAsync();
        await asked.Task.WaitAsync(TestContext.Current.CancellationToken);
        host.Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal("""{"status":"warn","checks":{"schedd":"no answer within 5 s"}}""", (await answer).GetRawText());
    }

    [Theory]
    [InlineData("/api/health")]
    [InlineData("/api/health/ready")]
    [InlineData("/api/health/live")]
    [InlineData("/api/version")]
    public async Task Head_WhatMonitorsAskFor_IsAnswered(string path)
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient(null);
        using var response = await client.SendAsync(new(HttpMethod.Head, path), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Version_Anybody_IsAnswered()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient(null);
        Assert.Equal("""{"version":"0.1.0"}""", (await client.ReadAsync("/api/version").JsonAsync()).GetRawText());
    }

    [Fact]
    public async Task Options_User_GetsTheSchema()
    {
        await using var host = await ApiHost.StartAsync("""{"Options":[{"Field":"worker_cores","Label":"Cores","Type":"int","Default":1,"Min":1,"Max":8,"Target":"worker.cores"}]}""");
        using var client = host.CreateClient();
        Assert.Equal(
            """{"cluster_options":[{"field":"worker_cores","label":"Cores","default":1,"spec":{"type":"int","min":1,"max":8}}]}""",
            (await client.ReadAsync("/api/v1/options").JsonAsync()).GetRawText());
    }

    [Theory]
    [InlineData("GET", "/api/v1/options")]
    [InlineData("GET", "/api/v1/clusters/")]
    [InlineData("POST", "/api/v1/clusters/")]
    [InlineData("GET", "/api/v1/clusters/aaaaaaaaaaaaaaaa")]
    [InlineData("DELETE", "/api/v1/clusters/aaaaaaaaaaaaaaaa")]
    [InlineData("POST", "/api/v1/clusters/aaaaaaaaaaaaaaaa/scale")]
    [InlineData("POST", "/api/v1/clusters/aaaaaaaaaaaaaaaa/adapt")]
    [InlineData("GET", "/api/v1/clusters/aaaaaaaaaaaaaaaa/events")]
    [InlineData("GET", "/api/v1/clusters/aaaaaaaaaaaaaaaa/workers")]
    [InlineData("GET", "/api/v1/clusters/aaaaaaaaaaaaaaaa/logs")]
    [InlineData("POST", "/api/v1/clusters/aaaaaaaaaaaaaaaa/heartbeat")]
    public async Task Request_Nobody_IsAskedWhoTheyAre(string method, string path)
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient(null);
        using var response = await client.SendAsync(new(new(method), path), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Single(response.Headers.WwwAuthenticate);
        await Task.FromResult(response).ErrorAsync(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task PathBase_Configured_WorksWithAndWithoutIt()
    {
        await using var host = await ApiHost.StartAsync("""{"Server":{"PathBase":"/services/dask-gateway/"}}""");
        using var client = host.CreateClient();
        Assert.Equal("""{"version":"0.1.0"}""", (await client.ReadAsync("/services/dask-gateway/api/version").JsonAsync()).GetRawText());
        Assert.Equal("""{"version":"0.1.0"}""", (await client.ReadAsync("/api/version").JsonAsync()).GetRawText());
        await client.ReadAsync("/services/dask-gateway/api/v1/nothing").ErrorAsync(HttpStatusCode.NotFound);
        using var elsewhere = await client.ReadAsync("/services/other/api/version");
        Assert.Equal(HttpStatusCode.NotFound, elsewhere.StatusCode);
    }

    [Theory]
    [InlineData("""{"Server":{"MaxBodySize":"much"}}""", "Server:MaxBodySize is 'much'; it must be a number of bytes")]
    [InlineData("""{"Server":{"MaxHeartbeatSize":"2 GiB"}}""", "Server:MaxHeartbeatSize is 2 GiB; it must be at most 1 GiB.")]
    [InlineData("""{"Server":{"WaitTimeout":"0"}}""", "Server:WaitTimeout is '0'; it must be")]
    [InlineData("""{"Server":{"PathBase":"/a/../b"}}""", "Server:PathBase is 'a/../b'; it must be a path")]
    [InlineData("""{"Server":{"PathBase":"http://x"}}""", "Server:PathBase is 'http://x'; it must be a path")]
    [InlineData("""{"Options":[{"Field":"a"}]}""", "Options:0:Type is ''; it must be string, bool, int, float, select or mapping.")]
    [InlineData("""{"Limits":{"MaxWorkers":-1}}""", "Limits:MaxWorkers is '-1'; it must be a whole number from 0")]
    public async Task Start_WrongSetting_IsRefusedByItsFullName(string settings, string message)
    {
        var e = await Assert.ThrowsAsync<OptionsValidationException>(() => ApiHost.StartAsync(settings));
        Assert.StartsWith(message, Assert.Single(e.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PathBase_OfAHubService_ComesFromItsVariable()
    {
        await using var host = await ApiHost.StartAsync("""{"JUPYTERHUB_SERVICE_PREFIX":"/services/gw/"}""");
        using var client = host.CreateClient(null);
        await client.ReadAsync("/services/gw/api/version").JsonAsync();
    }

    private sealed class Probe(string name, Func<Task<string?>> check) : IHealthProbe
    {
        public string Name => name;

        public bool IsCritical => false;

        public Task<string?> CheckAsync(CancellationToken cancellationToken) => check();
    }
}
