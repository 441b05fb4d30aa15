using System.Net;
using Gateway.Core.Clusters;

namespace Gateway.Server.Tests.Api;

public sealed class DeleteClusterTests
{
    [Theory]
    [InlineData("alice", "Its owner asked for the end.")]
    [InlineData("root", "Administrator root asked for the end.")]
    public async Task Delete_OwnerOrAdministrator_AsksForTheEnd(string user, string reason)
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient(user);
        var name = host.Store.Add("alice", ClusterPhase.Running);

        using var response = await client.EndAsync($"/api/v1/clusters/{name}");

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal([(name, reason, false)], host.Store.Stops);
    }

    [Fact]
    public async Task Delete_ByItsScheduler_AsksForTheEnd()
    {
        await using var host = await ApiHost.StartAsync();
        var name = host.Store.Add("alice", ClusterPhase.Running);
        using var client = host.CreateScheduler(name);

        using var response = await client.EndAsync($"/api/v1/clusters/{name}");

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal([(name, "Its scheduler asked for the end: it had nothing to do for its idle timeout.", false)], host.Store.Stops);
    }

    [Fact]
    public async Task Delete_ByAnotherClustersScheduler_Is401()
    {
        await using var host = await ApiHost.StartAsync();
        var name = host.Store.Add("alice", ClusterPhase.Running);
        using var client = host.CreateScheduler(host.Store.Add("alice", ClusterPhase.Running));
        await client.EndAsync($"/api/v1/clusters/{name}").ErrorAsync(HttpStatusCode.Unauthorized);
        await client.EndAsync("/api/v1/clusters/aaaaaaaaaaaaaaaa").ErrorAsync(HttpStatusCode.Unauthorized);
        Assert.Empty(host.Store.Stops);
    }

    [Fact]
    public async Task Delete_SomebodyElses_Is403()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient("bob");
        var name = host.Store.Add("alice", ClusterPhase.Running);
        await client.EndAsync($"/api/v1/clusters/{name}").ErrorAsync(HttpStatusCode.Forbidden);
        Assert.Empty(host.Store.Stops);
    }

    [Theory]
    [InlineData("aaaaaaaaaaaaaaaa")]
    [InlineData("no-name-at-all")]
    [InlineData("..%2f..%2fetc")]
    public async Task Delete_Unknown_Is204(string name)
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        using var response = await client.EndAsync($"/api/v1/clusters/{name}");
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Empty(host.Store.Stops);
    }

    [Theory]
    [InlineData(ClusterPhase.Stopped)]
    [InlineData(ClusterPhase.Failed)]
    public async Task Delete_Ended_Is204(ClusterPhase phase)
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        using var response = await client.EndAsync($"/api/v1/clusters/{host.Store.Add("alice", phase)}");
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Empty(host.Store.Stops);
    }
}
