using System.Net;
using System.Text;
using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Store;
using Gateway.Proxy.Routing;
using Gateway.Server.Tests.Api.Fakes;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Server.Tests.Api;

public sealed class HeartbeatTests
{
    private const string Minimal = """
        {"scheduler_address":"tls://10.0.0.7:33611","dashboard_address":"http://10.0.0.7:41829","api_address":"http://10.0.0.7:36241","count":3,"active_workers":["w1",7],"closing_workers":["w2"],"closed_workers":["w0"]}
        """;

    [Fact]
    public async Task Post_Heartbeat_IsStoredBeforeItIsAnswered()
    {
        await using var host = await ApiHost.StartAsync();
        var name = host.Store.Add("alice", ClusterPhase.Running);
        using var client = host.CreateScheduler(name);
        var stored = new TaskCompletionSource();
        var storing = new TaskCompletionSource();
        host.Store.OnBeats = _ =>
        {
            storing.SetResult();
            return stored.Task;
        };

        var answer = client.PostAsync($"/api/v1/clusters/{name}/heartbeat", Minimal);
        await storing.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.False(answer.IsCompleted);
        stored.SetResult();
        using var response = await answer;

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("", await response.TextAsync());
        var beat = Assert.Single(Assert.Single(host.Store.Beats));
        Assert.Equal(name, beat.Cluster);
        Assert.Equal(("tls://10.0.0.7:33611", "http://10.0.0.7:41829", "http://10.0.0.7:36241", 3), (beat.Heartbeat.SchedulerAddress, beat.Heartbeat.DashboardAddress, beat.Heartbeat.ApiAddress, beat.Heartbeat.Count));
        Assert.Equal(["w1", "7"], beat.Heartbeat.Active);
        Assert.Equal(["w2"], beat.Heartbeat.Closing);
        Assert.Equal(["w0"], beat.Heartbeat.Closed);
        Assert.Null(beat.Heartbeat.IdleSeconds);
    }

    [Fact]
    public async Task Post_FirstHeartbeatOfASchedulerOfThisMachine_IsStoredWithTheVerdictOnItsAddresses()
    {
        var backend = new FakeBackend(usesAccounts: false) { Verdict = AddressVerdict.Yes };
        await using var host = await StartAsync(backend);
        var name = AddWithJob(host, ClusterPhase.Submitted);

        await BeatAsync(host, name, Minimal);

        var job = Assert.Single(Assert.Single(host.Store.Beats)).Checked!;
        Assert.Equal((name, "10.0.0.7 33611 36241 41829", AddressVerdict.Yes), (job.Name, job.CheckedAddress, job.AddressVerdict));
        Assert.Equal(["10.0.0.7 33611 36241 41829"], backend.Checked);
    }

    [Fact]
    public async Task Post_AddressAfterAddress_IsLookedAtOnceAMinute()
    {
        var backend = new FakeBackend(usesAccounts: false) { Verdict = AddressVerdict.No };
        await using var host = await StartAsync(backend);
        var name = AddWithJob(host, ClusterPhase.Submitted);

        for (int port = 1000; port < 1010; port++)
        {
            await BeatAsync(host, name, Minimal.Replace("33611", $"{port}", StringComparison.Ordinal));
        }

        host.Time.Advance(TimeSpan.FromMinutes(2));
        await BeatAsync(host, name, Minimal);

        Assert.Equal(["10.0.0.7 1000 36241 41829", "10.0.0.7 33611 36241 41829"], backend.Checked);
        Assert.All(host.Store.Beats.SelectMany(beats => beats), beat => Assert.Null(beat.Checked));
        Assert.Equal(11, host.Store.Beats.Count);
    }

    [Fact]
    public async Task Post_ClusterThatHasARoute_IsNotChecked()
    {
        var backend = new FakeBackend(usesAccounts: false) { Verdict = AddressVerdict.Yes };
        await using var host = await StartAsync(backend);
        var name = AddWithJob(host, ClusterPhase.Running);
        host.Services.GetRequiredService<RouteTable>().Publish(new(name, "10.0.0.7", 33611));

        await BeatAsync(host, name, Minimal);

        Assert.Null(Assert.Single(Assert.Single(host.Store.Beats)).Checked);
        Assert.Empty(backend.Checked);
    }

    [Fact]
    public async Task Post_ManyAtOnce_AreStoredInGroups()
    {
        await using var host = await ApiHost.StartAsync();
        var names = Enumerable.Range(0, 40).Select(_ => host.Store.Add("alice", ClusterPhase.Running)).ToList();
        var clients = names.Select(host.CreateScheduler).ToList();
        var release = new TaskCompletionSource();
        var storing = new TaskCompletionSource();
        host.Store.OnBeats = _ =>
        {
            storing.TrySetResult();
            return release.Task;
        };

        var first = clients[0].PostAsync($"/api/v1/clusters/{names[0]}/heartbeat", Minimal);
        await storing.Task.WaitAsync(TestContext.Current.CancellationToken);
        var others = names.Skip(1).Zip(clients.Skip(1), (name, client) => client.PostAsync($"/api/v1/clusters/{name}/heartbeat", Minimal)).ToList();
        while (Gathering(host) < names.Count - 1)
        {
            await Task.Yield();
        }

        release.SetResult();
        foreach (var answer in others.Append(first))
        {
            using var response = await answer;
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        Assert.Equal([1, names.Count - 1], host.Store.Beats.Select(batch => batch.Count));
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task Post_DatabaseAway_Is503()
    {
        await using var host = await ApiHost.StartAsync();
        var name = host.Store.Add("alice", ClusterPhase.Running);
        using var client = host.CreateScheduler(name);
        host.Store.OnBeats = _ => throw new StoreUnavailableException("The fake database is down.");

        using var response = await client.PostAsync($"/api/v1/clusters/{name}/heartbeat", Minimal);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("5", response.Headers.RetryAfter?.ToString());
    }

    [Theory]
    [InlineData("token wrong")]
    [InlineData("token ")]
    [InlineData("Basic YWxpY2U6")]
    [InlineData(null)]
    public async Task Post_WithoutItsToken_Is401(string? authorization)
    {
        await using var host = await ApiHost.StartAsync();
        var name = host.Store.Add("alice", ClusterPhase.Running);
        using var client = host.CreateClient(null);
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", authorization);

        using var response = await client.PostAsync($"/api/v1/clusters/{name}/heartbeat", Minimal);

        Assert.Equal("token", response.Headers.WwwAuthenticate.ToString());
        await Task.FromResult(response).ErrorAsync(HttpStatusCode.Unauthorized);
        Assert.Empty(host.Store.Beats);
    }

    [Fact]
    public async Task Post_UnknownCluster_Is401()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateScheduler("aaaaaaaaaaaaaaaa");
        await client.PostAsync("/api/v1/clusters/aaaaaaaaaaaaaaaa/heartbeat", Minimal).ErrorAsync(HttpStatusCode.Unauthorized);
        await client.PostAsync("/api/v1/clusters/..%2f..%2fx/heartbeat", Minimal).ErrorAsync(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Post_BodyOfSeveralMegabytes_IsTaken()
    {
        await using var host = await ApiHost.StartAsync();
        var name = host.Store.Add("alice", ClusterPhase.Running);
        using var client = host.CreateScheduler(name);
        var closed = string.Join(",", Enumerable.Range(0, 200_000).Select(i => $"\"{name}-{i:d8}\""));

        using var response = await client.PostAsync($"/api/v1/clusters/{name}/heartbeat", Minimal.Replace("\"w0\"", closed, StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(200_000, Assert.Single(Assert.Single(host.Store.Beats)).Heartbeat.Closed.Count);
    }

    [Fact]
    public async Task Post_BodyAboveTheWebServersOwnLimit_IsTakenWhereTheConfigurationAllowsIt()
    {
        await using var host = await ApiHost.StartAsync("""{"Server":{"MaxHeartbeatSize":"48 MiB"}}""");
        var name = host.Store.Add("alice", ClusterPhase.Running);
        using var scheduler = host.CreateScheduler(name);
        string body = $$"""{"scheduler_address":"tls://10.0.0.7:1","api_address":"http://10.0.0.7:2","count":0,"active_workers":[],"closing_workers":[],"closed_workers":[],"filling":"{{new string('x', 40 << 20)}}"}""";

        using var response = await scheduler.PostAsync($"/api/v1/clusters/{name}/heartbeat", body);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("", "The body must be a JSON object; it is not valid JSON")]
    [InlineData("[]", "The body must be a JSON object.")]
    [InlineData("null", "The body must be a JSON object.")]
    [InlineData("{\"count\":1", "The body must be a JSON object; it is not valid JSON")]
    [InlineData("{} x", "The body must be a JSON object; it is not valid JSON")]
    [InlineData("{}", "scheduler_address is missing.")]
    public async Task Post_NoHeartbeat_Is422(string body, string message)
    {
        await using var host = await ApiHost.StartAsync();
        var name = host.Store.Add("alice", ClusterPhase.Running);
        using var client = host.CreateScheduler(name);
        Assert.StartsWith(message, await client.PostAsync($"/api/v1/clusters/{name}/heartbeat", Encoding.UTF8.GetBytes(body)).ErrorAsync(HttpStatusCode.UnprocessableEntity), StringComparison.Ordinal);
    }

    private static Task<ApiHost> StartAsync(FakeBackend local) => ApiHost.StartAsync("{}", services => services.AddSingleton(local.Registry("local")));

    /// <summary>A cluster whose scheduler's job runs on backend <c>local</c>.</summary>
    private static string AddWithJob(ApiHost host, ClusterPhase phase)
    {
        var name = host.Store.Add("alice", phase);
        host.Store.Jobs[name] = new() { Name = name, Cluster = name, Kind = JobKind.Scheduler, Backend = "local", Handle = "h", State = JobState.Running };
        return name;
    }

    private static async Task BeatAsync(ApiHost host, string name, string body)
    {
        using var client = host.CreateScheduler(name);
        using var response = await client.PostAsync($"/api/v1/clusters/{name}/heartbeat", body);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static int Gathering(ApiHost host) => ((Gateway.Server.Api.Heartbeats.HeartbeatQueue)host.Services.GetService(typeof(Gateway.Server.Api.Heartbeats.HeartbeatQueue))!).Waiting;
}
