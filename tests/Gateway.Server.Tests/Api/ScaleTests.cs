using System.Net;
using Gateway.Core.Clusters;
using Gateway.Server.Tests.Api.Fakes;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Server.Tests.Api;

public sealed class ScaleTests
{
    [Theory]
    [InlineData("scale", """{"count":3}""", """{"op":"scale","count":3}""")]
    [InlineData("scale", """{"count":0}""", """{"op":"scale","count":0}""")]
    [InlineData("scale", """{"count":2147483647}""", """{"op":"scale","count":2147483647}""")]
    [InlineData("adapt", """{"minimum":1,"maximum":5,"active":true}""", """{"op":"adapt","minimum":1,"maximum":5,"active":true}""")]
    [InlineData("adapt", """{"minimum":null,"maximum":null}""", """{"op":"adapt","minimum":null,"maximum":null,"active":true}""")]
    [InlineData("adapt", """{}""", """{"op":"adapt","minimum":null,"maximum":null,"active":true}""")]
    [InlineData("adapt", """{"active":false}""", """{"op":"adapt","minimum":null,"maximum":null,"active":false}""")]
    [InlineData("adapt", """{"minimum":2,"active":null}""", """{"op":"adapt","minimum":2,"maximum":null,"active":true}""")]
    public async Task Post_WithinBounds_TellsTheScheduler(string operation, string body, string command)
    {
        await using var host = await ApiHost.StartAsync();
        await using var scheduler = await FakeScheduler.StartAsync();
        using var client = host.CreateClient();
        var name = Running(host, scheduler);

        var json = await client.PostAsync($"/api/v1/clusters/{name}/{operation}", body).JsonAsync();

        Assert.Equal("""{"ok":true,"msg":null}""", json.GetRawText());
        Assert.Equal([$"token token-{name} application/json {command}"], scheduler.Commands);
    }

    [Theory]
    [InlineData("scale", """{"count":11}""", """{"op":"scale","count":10}""", "11 workers are more than the 10 that this cluster may have. Scaling to 10 instead.")]
    [InlineData("scale", """{"count":99999999999999999999}""", """{"op":"scale","count":10}""", "99999999999999999999 workers are more than the 10 that this cluster may have. Scaling to 10 instead.")]
    [InlineData("scale", """{"count":10}""", """{"op":"scale","count":10}""", null)]
    [InlineData("adapt", """{}""", """{"op":"adapt","minimum":0,"maximum":10,"active":true}""", null)]
    [InlineData("adapt", """{"minimum":2,"maximum":null}""", """{"op":"adapt","minimum":2,"maximum":10,"active":true}""", null)]
    [InlineData("adapt", """{"minimum":5,"maximum":20}""", """{"op":"adapt","minimum":5,"maximum":10,"active":true}""", "Between 5 and 20 workers were asked for, and this cluster may have 10. Using `maximum=10, minimum=5` instead.")]
    [InlineData("adapt", """{"minimum":20}""", """{"op":"adapt","minimum":10,"maximum":10,"active":true}""", "Between 20 and any number of workers were asked for, and this cluster may have 10. Using `maximum=10, minimum=10` instead.")]
    public async Task Post_OverTheLimit_ClampsAndSaysSo(string operation, string body, string command, string? message)
    {
        await using var host = await ApiHost.StartAsync();
        await using var scheduler = await FakeScheduler.StartAsync();
        using var client = host.CreateClient();
        var name = Running(host, scheduler, 10);

        var json = await client.PostAsync($"/api/v1/clusters/{name}/{operation}", body).JsonAsync();

        Assert.Equal(message, json.GetProperty("msg").GetString());
        Assert.Equal(message is null, json.GetProperty("ok").GetBoolean());
        Assert.EndsWith(command, Assert.Single(scheduler.Commands), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("scale", """{}""", "count is missing; it must be a whole number of 0 or more.")]
    [InlineData("scale", """{"count":null}""", "count must be a whole number of 0 or more, got null.")]
    [InlineData("scale", """{"count":true}""", "count must be a whole number of 0 or more, got true.")]
    [InlineData("scale", """{"count":3.0}""", "count must be a whole number of 0 or more, got 3.0.")]
    [InlineData("scale", """{"count":3e0}""", "count must be a whole number of 0 or more, got 3e0.")]
    [InlineData("scale", """{"count":1e400}""", "count must be a whole number of 0 or more, got 1e400.")]
    [InlineData("scale", """{"count":-1}""", "count must be a whole number of 0 or more, got -1.")]
    [InlineData("scale", """{"count":"3"}""", "count must be a whole number of 0 or more, got \"3\".")]
    [InlineData("scale", """{"count":[3]}""", "count must be a whole number of 0 or more, got [3].")]
    [InlineData("scale", """{"count":{"a":1}}""", "count must be a whole number of 0 or more, got {\"a\":1}.")]
    [InlineData("scale", """{"count":2147483648}""", "count must be at most 2147483647, got 2147483648.")]
    [InlineData("scale", """{"count":1,"count":2}""", "The body must be a JSON object; it is not valid JSON")]
    [InlineData("scale", """[3]""", "The body must be a JSON object, got [3].")]
    [InlineData("scale", """3""", "The body must be a JSON object, got 3.")]
    [InlineData("scale", "", "The body must be a JSON object; it is not valid JSON")]
    [InlineData("adapt", """{"minimum":1.5}""", "minimum must be a whole number of 0 or more, or null, got 1.5.")]
    [InlineData("adapt", """{"maximum":"5"}""", "maximum must be a whole number of 0 or more, or null, got \"5\".")]
    [InlineData("adapt", """{"maximum":-1}""", "maximum must be a whole number of 0 or more, or null, got -1.")]
    [InlineData("adapt", """{"maximum":99999999999}""", "maximum must be at most 2147483647.")]
    [InlineData("adapt", """{"minimum":true}""", "minimum must be a whole number of 0 or more, or null, got true.")]
    [InlineData("adapt", """{"active":1}""", "active must be true or false, got 1.")]
    [InlineData("adapt", """{"active":"true"}""", "active must be true or false, got \"true\".")]
    [InlineData("adapt", """{"minimum":5,"maximum":4}""", "minimum must not be above maximum, got 5 and 4.")]
    public async Task Post_BadBody_Is422EvenWhenItDoesNotRun(string operation, string body, string message)
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var name = host.Store.Add("alice", ClusterPhase.Submitted);
        Assert.StartsWith(
            message,
            await client.PostAsync($"/api/v1/clusters/{name}/{operation}", body).ErrorAsync(HttpStatusCode.UnprocessableEntity),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("scale")]
    [InlineData("adapt")]
    public async Task Post_UnknownOrForeign_IsSaidBeforeTheBodyIsLookedAt(string operation)
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient("bob");
        using var admin = host.CreateClient("root");
        var name = host.Store.Add("alice", ClusterPhase.Running);
        await client.PostAsync($"/api/v1/clusters/aaaaaaaaaaaaaaaa/{operation}", "no json").ErrorAsync(HttpStatusCode.NotFound);
        await client.PostAsync($"/api/v1/clusters/{name}/{operation}", "no json").ErrorAsync(HttpStatusCode.Forbidden);
        await admin.PostAsync($"/api/v1/clusters/{name}/{operation}", """{"count":0}""").ErrorAsync(HttpStatusCode.Forbidden);
    }

    [Theory]
    [InlineData(ClusterPhase.Accepted, null, "is PENDING, so its workers cannot be scaled.")]
    [InlineData(ClusterPhase.Submitted, "Waits in the queue.", "is PENDING, so its workers cannot be scaled: Waits in the queue.")]
    [InlineData(ClusterPhase.Closing, "Idle.", "is STOPPING, so its workers cannot be scaled: Idle.")]
    [InlineData(ClusterPhase.Stopped, null, "is STOPPED, so its workers cannot be scaled.")]
    [InlineData(ClusterPhase.Failed, "Killed.", "is FAILED, so its workers cannot be scaled: Killed.")]
    public async Task Post_NotRunning_Is409WithTheReason(ClusterPhase phase, string? reason, string message)
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var name = host.Store.Add("alice", phase, cluster => cluster with { Reason = reason });
        Assert.Equal($"Cluster {name} {message}", await client.PostAsync($"/api/v1/clusters/{name}/scale", """{"count":1}""").ErrorAsync(HttpStatusCode.Conflict));
        Assert.Equal($"Cluster {name} {message}", await client.PostAsync($"/api/v1/clusters/{name}/adapt", "{}").ErrorAsync(HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task Post_DatabaseAwayOnceTheSchedulerHasTakenIt_IsASuccess()
    {
        await using var host = await ApiHost.StartAsync();
        await using var scheduler = await FakeScheduler.StartAsync();
        using var client = host.CreateClient();
        var name = Running(host, scheduler);
        scheduler.OnCommand = () => host.Store.IsSilent = true;

        var json = await client.PostAsync($"/api/v1/clusters/{name}/scale", """{"count":3}""").JsonAsync();

        Assert.Equal("""{"ok":true,"msg":null}""", json.GetRawText());
    }

    [Fact]
    public async Task Post_SchedulerFailsTwice_IsTriedAThirdTime()
    {
        await using var host = await ApiHost.StartAsync(services: RealTime);
        await using var scheduler = await FakeScheduler.StartAsync();
        using var client = host.CreateClient();
        var name = Running(host, scheduler);
        scheduler.Statuses.Enqueue(500);
        scheduler.Statuses.Enqueue(307);

        await client.PostAsync($"/api/v1/clusters/{name}/scale", """{"count":1}""").JsonAsync();

        Assert.Equal(3, scheduler.Commands.Count);
        Assert.Empty(host.Store.Stops);
    }

    [Fact]
    public async Task Post_SchedulerFailsThreeTimes_FailsTheCluster()
    {
        await using var host = await ApiHost.StartAsync(services: RealTime);
        await using var scheduler = await FakeScheduler.StartAsync();
        using var client = host.CreateClient();
        var name = Running(host, scheduler);
        for (var i = 0; i < 3; i++)
        {
            scheduler.Statuses.Enqueue(403);
        }

        var error = await client.PostAsync($"/api/v1/clusters/{name}/scale", """{"count":1}""").ErrorAsync(HttpStatusCode.Conflict);

        Assert.Equal($"Cluster {name} has failed. Its scheduler took no command: it answered with status 403.", error);
        Assert.Equal([(name, "Its scheduler took no command: it answered with status 403.", true)], host.Store.Stops);
    }

    [Fact]
    public async Task Post_SchedulerGone_FailsTheCluster()
    {
        await using var host = await ApiHost.StartAsync(services: RealTime);
        var scheduler = await FakeScheduler.StartAsync();
        using var client = host.CreateClient();
        var name = Running(host, scheduler);
        await scheduler.DisposeAsync();

        var error = await client.PostAsync($"/api/v1/clusters/{name}/scale", """{"count":1}""").ErrorAsync(HttpStatusCode.Conflict);

        Assert.Equal($"Cluster {name} has failed. Its scheduler took no command: no connection.", error);
        Assert.True(Assert.Single(host.Store.Stops).Failed);
    }

    [Fact]
    public async Task Post_SchedulerFailsAsTheClusterStops_BlamesTheStop()
    {
        await using var host = await ApiHost.StartAsync(services: RealTime);
        await using var scheduler = await FakeScheduler.StartAsync();
        using var client = host.CreateClient();
        var name = Running(host, scheduler);
        scheduler.Statuses.Enqueue(500);
        scheduler.Statuses.Enqueue(500);
        scheduler.Statuses.Enqueue(500);

        var answer = client.PostAsync($"/api/v1/clusters/{name}/scale", """{"count":1}""");
        await client.EndAsync($"/api/v1/clusters/{name}");

        Assert.Equal($"Cluster {name} is STOPPING, so its workers cannot be scaled: Its owner asked for the end.", await answer.ErrorAsync(HttpStatusCode.Conflict));
        Assert.False(Assert.Single(host.Store.Stops).Failed);
    }

    // Between its tries the gateway pauses.
    private static void RealTime(IServiceCollection services) => services.AddSingleton(TimeProvider.System);

    private static string Running(ApiHost host, FakeScheduler scheduler, int? limit = null) => host.Store.Add("alice", ClusterPhase.Running, cluster => cluster with
    {
        ApiAddress = scheduler.Address,
        Spec = cluster.Spec with { MaxWorkers = limit },
    });
}
