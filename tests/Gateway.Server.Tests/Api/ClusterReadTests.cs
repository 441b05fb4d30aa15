using System.Net;
using Gateway.Core.Clusters;

namespace Gateway.Server.Tests.Api;

public sealed class ClusterReadTests
{
    private const long Created = 1795348800345;

    [Fact]
    public async Task Get_Running_HasExactlyTheKeysThatTheClientKnows()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var name = host.Store.Add("alice", ClusterPhase.Running, cluster => cluster with { DashboardAddress = "http://10.0.0.7:8787", RunningAt = cluster.CreatedAt });

        using var response = await client.ReadAsync($"/api/v1/clusters/{name}");

        Assert.Equal(
            $$"""{"name":"{{name}}","status":"RUNNING","dashboard_route":"/clusters/{{name}}/status","start_time":{{Created}},"stop_time":null,""" +
            $$"""options":{"worker_cores":1,"worker_memory":2.0},"tls_cert":"certificate of {{name}}","tls_key":"key of {{name}}"}""".Insert(0, "\""),
            await response.TextAsync());
        Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
    }

    [Theory]
    [InlineData(ClusterPhase.Accepted, "PENDING", false)]
    [InlineData(ClusterPhase.Submitted, "PENDING", false)]
    [InlineData(ClusterPhase.Running, "RUNNING", false)]
    [InlineData(ClusterPhase.Closing, "STOPPING", false)]
    [InlineData(ClusterPhase.Stopped, "STOPPED", true)]
    [InlineData(ClusterPhase.Failed, "FAILED", true)]
    public async Task Get_AnyPhase_ShowsItsStatusAndSecretsWhileRunningOnly(ClusterPhase phase, string status, bool ended)
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var name = host.Store.Add("alice", phase, cluster => cluster with
        {
            DashboardAddress = "http://10.0.0.7:8787",
            EndedAt = ended ? cluster.CreatedAt + TimeSpan.FromSeconds(1) : null,
        });

        var json = await client.ReadAsync($"/api/v1/clusters/{name}").JsonAsync();

        var isRunning = phase == ClusterPhase.Running;
        Assert.Equal(status, json.GetProperty("status").GetString());
        Assert.Equal(isRunning ? $"/clusters/{name}/status" : null, json.GetProperty("dashboard_route").GetString());
        Assert.Equal(isRunning ? $"key of {name}" : null, json.GetProperty("tls_key").GetString());
        Assert.Equal(isRunning ? $"certificate of {name}" : null, json.GetProperty("tls_cert").GetString());
        Assert.Equal(Created, json.GetProperty("start_time").GetInt64());
        Assert.Equal(ended ? $"{Created + 1000}" : "null", json.GetProperty("stop_time").GetRawText());
        Assert.Equal(8, json.EnumerateObject().Count());
    }

    [Fact]
    public async Task Get_RunningAndAskedToStop_IsStoppingWithoutSecrets()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var name = host.Store.Add("alice", ClusterPhase.Running);
        await client.EndAsync($"/api/v1/clusters/{name}");

        var json = await client.ReadAsync($"/api/v1/clusters/{name}").JsonAsync();

        Assert.Equal("STOPPING", json.GetProperty("status").GetString());
        Assert.Null(json.GetProperty("tls_key").GetString());
    }

    [Fact]
    public async Task Get_RunningWithoutDashboard_HasNoRoute()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var name = host.Store.Add("alice", ClusterPhase.Running, cluster => cluster with { DashboardAddress = "" });
        Assert.Null((await client.ReadAsync($"/api/v1/clusters/{name}").JsonAsync()).GetProperty("dashboard_route").GetString());
    }

    [Fact]
    public async Task Get_Administrator_SeesItWithoutSecrets()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient("root");
        var name = host.Store.Add("alice", ClusterPhase.Running);
        var json = await client.ReadAsync($"/api/v1/clusters/{name}").JsonAsync();
        Assert.Equal("RUNNING", json.GetProperty("status").GetString());
        Assert.Null(json.GetProperty("tls_key").GetString());
        Assert.Null(json.GetProperty("tls_cert").GetString());
    }

    [Fact]
    public async Task Get_UnderALostKey_Is503AndTheListStillAnswers()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var lost = host.Store.Add("alice", ClusterPhase.Running);
        var kept = host.Store.Add("alice", ClusterPhase.Running);
        host.Store.Locked.Add(lost);

        await client.ReadAsync($"/api/v1/clusters/{lost}").ErrorAsync(HttpStatusCode.ServiceUnavailable);
        var list = await client.ReadAsync("/api/v1/clusters/").JsonAsync();

        Assert.Null(list.GetProperty(lost).GetProperty("tls_key").GetString());
        Assert.Equal($"key of {kept}", list.GetProperty(kept).GetProperty("tls_key").GetString());
    }

    [Theory]
    [InlineData("", "Accepted,Submitted,Running")]
    [InlineData("?status=pending", "Accepted,Submitted")]
    [InlineData("?status=RUNNING", "Running")]
    [InlineData("?status=Stopping,STOPPED", "Closing,Stopped")]
    [InlineData("?status=failed,failed", "Failed")]
    [InlineData("?status=pending,running,stopping,stopped,failed", "Accepted,Submitted,Running,Closing,Stopped,Failed")]
    public async Task List_Status_ChoosesTheCallersOwn(string query, string expected)
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var names = Enum.GetValues<ClusterPhase>().ToDictionary(phase => host.Store.Add("alice", phase), phase => phase);
        host.Store.Add("bob", ClusterPhase.Running);

        var json = await client.ReadAsync("/api/v1/clusters/" + query).JsonAsync();

        var listed = json.EnumerateObject().Select(member => names[member.Name]).Order();
        Assert.Equal(expected, string.Join(",", listed));
        Assert.All(json.EnumerateObject(), member => Assert.Equal(member.Name, member.Value.GetProperty("name").GetString()));
    }

    [Theory]
    [InlineData("?status=", "''")]
    [InlineData("?status=done", "'done'")]
    [InlineData("?status=running,", "''")]
    [InlineData("?status=1", "'1'")]
    public async Task List_UnknownStatus_Is422(string query, string shown)
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        Assert.Equal(
            $"{shown} is not a status of clusters. Allowed: pending, running, stopping, stopped, failed, several separated by commas.",
            await client.ReadAsync("/api/v1/clusters/" + query).ErrorAsync(HttpStatusCode.UnprocessableEntity));
    }

    [Fact]
    public async Task List_Nothing_IsAnEmptyObject()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        Assert.Equal("{}", (await client.ReadAsync("/api/v1/clusters/").JsonAsync()).GetRawText());
        Assert.Equal("{}", (await client.ReadAsync("/api/v1/clusters").JsonAsync()).GetRawText());
    }

    [Fact]
    public async Task List_Administrator_SeesTheirOwnOnly()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient("root");
        host.Store.Add("alice", ClusterPhase.Running);
        Assert.Equal("{}", (await client.ReadAsync("/api/v1/clusters/").JsonAsync()).GetRawText());
    }
}
