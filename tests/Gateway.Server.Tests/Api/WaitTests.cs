using System.Net;
using Gateway.Core.Clusters;
using Gateway.Core.Store;
using Gateway.Server.Api.Waiting;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Server.Tests.Api;

public sealed class WaitTests
{
    [Theory]
    [InlineData("?wait")]
    [InlineData("?wait=")]
    [InlineData("?wait=1")]
    [InlineData("?wait=-5")]
    [InlineData("?wait=99999999999999999999999")]
    public async Task Get_Wait_IsAnsweredWhenTheClusterRuns(string query)
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var name = host.Store.Add("alice", ClusterPhase.Accepted);

        var answer = client.ReadAsync($"/api/v1/clusters/{name}{query}").JsonAsync();
        await WaitersAsync(host, 1);
        host.Store.Change(name, cluster => cluster with { Phase = ClusterPhase.Submitted });
        await ReadingsAsync(host, 3);
        Assert.False(answer.IsCompleted);
        host.Store.Change(name, cluster => cluster with { Phase = ClusterPhase.Running, RunningAt = cluster.CreatedAt });

        Assert.Equal("RUNNING", (await answer).GetProperty("status").GetString());
        Assert.Equal(0, Waiters(host));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?wait=0")]
    [InlineData("?wait=no")]
    public async Task Get_NoWait_IsAnsweredAtOnce(string query)
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var name = host.Store.Add("alice", ClusterPhase.Accepted);
        Assert.Equal("PENDING", (await client.ReadAsync($"/api/v1/clusters/{name}{query}").JsonAsync()).GetProperty("status").GetString());
    }

    [Theory]
    [InlineData(ClusterPhase.Running, "RUNNING")]
    [InlineData(ClusterPhase.Closing, "STOPPING")]
    [InlineData(ClusterPhase.Stopped, "STOPPED")]
    public async Task Get_WaitForWhatIsNotPending_IsAnsweredAtOnce(ClusterPhase phase, string status)
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var name = host.Store.Add("alice", phase);
        Assert.Equal(status, (await client.ReadAsync($"/api/v1/clusters/{name}?wait").JsonAsync()).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Get_WaitTooLong_IsAnsweredPending()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var name = host.Store.Add("alice", ClusterPhase.Submitted);

        var answer = client.ReadAsync($"/api/v1/clusters/{name}?wait").JsonAsync();
        await WaitersAsync(host, 1);
        await ReadingsAsync(host, 2);
        host.Time.Advance(TimeSpan.FromSeconds(19));
        Assert.False(answer.IsCompleted);
        host.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("PENDING", (await answer).GetProperty("status").GetString());
        Assert.Equal(0, Waiters(host));
    }

    [Theory]
    [InlineData(ClusterPhase.Failed, null)]
    [InlineData(ClusterPhase.Closing, ClusterPhase.Failed)]
    public async Task Get_WaitForAClusterThatFailsToStart_Is409WithTheReason(ClusterPhase phase, ClusterPhase? outcome)
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var name = host.Store.Add("alice", ClusterPhase.Submitted);

        var answer = client.ReadAsync($"/api/v1/clusters/{name}?wait").ErrorAsync(HttpStatusCode.Conflict);
        await WaitersAsync(host, 1);
        host.Store.Change(name, cluster => cluster with { Phase = phase, Outcome = outcome, Reason = "The image does not exist." });

        Assert.Equal($"Cluster {name} failed to start: The image does not exist.", await answer);
        var plain = await client.ReadAsync($"/api/v1/clusters/{name}").JsonAsync();
        Assert.Equal(phase == ClusterPhase.Failed ? "FAILED" : "STOPPING", plain.GetProperty("status").GetString());
    }

    [Fact]
    public async Task Get_WaitForAClusterThatRanAndFailed_IsFailed()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var name = host.Store.Add("alice", ClusterPhase.Failed, cluster => cluster with { RunningAt = cluster.CreatedAt });
        Assert.Equal("FAILED", (await client.ReadAsync($"/api/v1/clusters/{name}?wait").JsonAsync()).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Get_WaitForSomebodyElses_Is403AtOnce()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient("bob");
        await client.ReadAsync($"/api/v1/clusters/{host.Store.Add("alice", ClusterPhase.Accepted)}?wait").ErrorAsync(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Get_StoppedWhileWaiting_IsStopping()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var name = host.Store.Add("alice", ClusterPhase.Accepted);

        var answer = client.ReadAsync($"/api/v1/clusters/{name}?wait").JsonAsync();
        await WaitersAsync(host, 1);
        await client.EndAsync($"/api/v1/clusters/{name}");

        Assert.Equal("STOPPING", (await answer).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Get_RemovedWhileWaiting_Is404()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var name = host.Store.Add("alice", ClusterPhase.Accepted);

        var answer = client.ReadAsync($"/api/v1/clusters/{name}?wait").ErrorAsync(HttpStatusCode.NotFound);
        await WaitersAsync(host, 1);
        host.Store.Remove(name);

        Assert.Contains("not found", await answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_AThousandWait_AreWokenByOneReading()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var name = host.Store.Add("alice", ClusterPhase.Accepted);

        var answers = Enumerable.Range(0, 1000).Select(_ => client.ReadAsync($"/api/v1/clusters/{name}?wait").JsonAsync()).ToList();
        await WaitersAsync(host, 1000);
        await ReadingsAsync(host, 1001);
        host.Store.Change(name, cluster => cluster with { Phase = ClusterPhase.Running, RunningAt = cluster.CreatedAt });
        var statuses = (await Task.WhenAll(answers)).Select(json => json.GetProperty("status").GetString());

        Assert.All(statuses, status => Assert.Equal("RUNNING", status));
        Assert.Equal(0, Waiters(host));

        // Each request's own look, one that they shared while pending, and one that they shared when it ran.
        Assert.Equal(1002, host.Store.Finds);
    }

    [Fact]
    public async Task Get_SignalLost_IsAnsweredByTheNextLook()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var name = host.Store.Add("alice", ClusterPhase.Submitted);

        var answer = client.ReadAsync($"/api/v1/clusters/{name}?wait").JsonAsync();
        await WaitersAsync(host, 1);
        await ReadingsAsync(host, 2);
        host.Signal.IsDeaf = true;
        host.Store.Change(name, cluster => cluster with { Phase = ClusterPhase.Running, RunningAt = cluster.CreatedAt });
        Assert.False(answer.IsCompleted);
        host.Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal("RUNNING", (await answer).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Get_SignalsMayHaveBeenMissed_ReadsAgain()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var name = host.Store.Add("alice", ClusterPhase.Submitted);

        var answer = client.ReadAsync($"/api/v1/clusters/{name}?wait").ErrorAsync(HttpStatusCode.Conflict);
        await WaitersAsync(host, 1);
        await ReadingsAsync(host, 2);
        host.Signal.IsDeaf = true;
        host.Store.Change(name, cluster => cluster with { Phase = ClusterPhase.Failed, Reason = "No." });
        host.Signal.IsDeaf = false;
        host.Signal.Tell(ChangeKind.Reset, "");

        Assert.EndsWith("No.", await answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_DatabaseAwayWhileWaiting_WaitsOn()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var name = host.Store.Add("alice", ClusterPhase.Submitted);

        var answer = client.ReadAsync($"/api/v1/clusters/{name}?wait").JsonAsync();
        await WaitersAsync(host, 1);
        await ReadingsAsync(host, 2);
        host.Store.IsSilent = true;
        host.Signal.Tell(ChangeKind.Phase, name);
        await ReadingsAsync(host, 3);
        host.Store.IsSilent = false;
        host.Store.Change(name, cluster => cluster with { Phase = ClusterPhase.Running, RunningAt = cluster.CreatedAt });

        Assert.Equal("RUNNING", (await answer).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Get_ServerStops_AnswersWhatItKnows()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var name = host.Store.Add("alice", ClusterPhase.Submitted);

        var answer = client.ReadAsync($"/api/v1/clusters/{name}?wait").JsonAsync();
        await WaitersAsync(host, 1);
        await ReadingsAsync(host, 2);
        host.Stop();

        Assert.Equal("PENDING", (await answer).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Get_ClientGoesAway_LeavesNothingBehind()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        using var going = new CancellationTokenSource();
        var name = host.Store.Add("alice", ClusterPhase.Submitted);

        var answer = client.GetAsync($"/api/v1/clusters/{name}?wait", going.Token);
        await WaitersAsync(host, 1);
        await going.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        await WaitersAsync(host, 0);
    }

    private static int Waiters(ApiHost host) => host.Services.GetRequiredService<ClusterWaiters>().Count;

    private static Task WaitersAsync(ApiHost host, int count) => UntilAsync(() => Waiters(host) == count);

    private static Task ReadingsAsync(ApiHost host, int count) => UntilAsync(() => host.Store.Finds >= count);

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
