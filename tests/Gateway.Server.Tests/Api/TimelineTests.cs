using System.Net;
using System.Text;
using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Events;
using Gateway.Server.Tests.Api.Fakes;

namespace Gateway.Server.Tests.Api;

public sealed class TimelineTests
{
    [Fact]
    public async Task Events_Pages_ComeInOrder()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var name = host.Store.Add("alice", ClusterPhase.Running);
        host.Store.Events.AddRange([
            new() { Id = 3, Cluster = name, At = FakeStore.CreatedAt, Kind = EventKinds.ClusterCreated, Message = "Created." },
            new() { Id = 4, Cluster = "another", At = FakeStore.CreatedAt, Kind = EventKinds.ClusterCreated, Message = "Not ours." },
            new() { Id = 5, Cluster = name, At = FakeStore.CreatedAt, Kind = EventKinds.WorkerFailed, Worker = $"{name}-x", Message = "It's gone." },
            new() { Id = 6, Cluster = name, At = FakeStore.CreatedAt, Kind = EventKinds.WorkersSubmitted, Count = 7, Message = "Asked." },
        ]);

        Assert.Equal(
            $$"""{"events":[{"id":3,"time":1795348800345,"kind":"cluster.created","worker":null,"count":null,"message":"Created."},""" +
            $$"""{"id":5,"time":1795348800345,"kind":"worker.failed","worker":"{{name}}-x","count":null,"message":"It's gone."}],"next":5}""",
            (await client.ReadAsync($"/api/v1/clusters/{name}/events?max=2").JsonAsync()).GetRawText());
        Assert.Equal(
            """{"events":[{"id":6,"time":1795348800345,"kind":"workers.submitted","worker":null,"count":7,"message":"Asked."}],"next":6}""",
            (await client.ReadAsync($"/api/v1/clusters/{name}/events?after=5").JsonAsync()).GetRawText());
        Assert.Equal("""{"events":[],"next":6}""", (await client.ReadAsync($"/api/v1/clusters/{name}/events?after=6").JsonAsync()).GetRawText());
    }

    [Theory]
    [InlineData("events?after=-1", "after must be a whole number from 0 to 9223372036854775807, got '-1'.")]
    [InlineData("events?after=x", "after must be a whole number from 0 to 9223372036854775807, got 'x'.")]
    [InlineData("events?after=99999999999999999999", "after must be a whole number from 0 to 9223372036854775807, got '99999999999999999999'.")]
    [InlineData("events?max=0", "max must be a whole number from 1 to 1000, got '0'.")]
    [InlineData("events?max=1001", "max must be a whole number from 1 to 1000, got '1001'.")]
    [InlineData("events?max=1&max=2", "max must be a whole number from 1 to 1000, got '1,2'.")]
    [InlineData("workers?max=10001", "max must be a whole number from 1 to 10000, got '10001'.")]
    [InlineData("logs?max=3", "max must be a whole number from 4 to 1048576, got '3'.")]
    [InlineData("logs?stream=both", "stream must be output or error, got 'both'.")]
    [InlineData("logs?offset=1.5", "offset must be a whole number from")]
    public async Task Get_WrongQuery_Is422(string query, string message)
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var name = host.Store.Add("alice", ClusterPhase.Running);
        Assert.StartsWith(message, await client.ReadAsync($"/api/v1/clusters/{name}/{query}").ErrorAsync(HttpStatusCode.UnprocessableEntity), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("events", HttpStatusCode.OK)]
    [InlineData("workers", HttpStatusCode.OK)]
    [InlineData("logs", HttpStatusCode.Forbidden)]
    public async Task Get_Others_AreKeptOutAndAdministratorsSeeNoData(string route, HttpStatusCode administrator)
    {
        await using var host = await ApiHost.StartAsync();
        using var bob = host.CreateClient("bob");
        using var root = host.CreateClient("root");
        var name = host.Store.Add("alice", ClusterPhase.Running);
        await bob.ReadAsync($"/api/v1/clusters/{name}/{route}").ErrorAsync(HttpStatusCode.Forbidden);
        await bob.ReadAsync($"/api/v1/clusters/aaaaaaaaaaaaaaaa/{route}").ErrorAsync(HttpStatusCode.NotFound);
        await root.ReadAsync($"/api/v1/clusters/{name}/{route}").JsonAsync(administrator);
    }

    [Fact]
    public async Task Workers_WithTheirJobs_AreShown()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var name = host.Store.Add("alice", ClusterPhase.Running);
        var worker = new Worker { Name = $"{name}-a", Cluster = name, Backend = "pool", Resources = new(), SubmittedAt = FakeStore.CreatedAt };
        host.Store.Workers.Add(new(worker, null));
        host.Store.Workers.Add(new(
            worker with { Name = $"{name}-b", Phase = WorkerPhase.Failed, ConnectedAt = FakeStore.CreatedAt, EndedAt = FakeStore.CreatedAt },
            Job($"{name}-b", name) with { State = JobState.Ended, Reason = "Out of memory.", Host = "node1", ExitCode = 137 }));

        Assert.Equal(
            $$"""{"workers":[{"name":"{{name}}-a","status":"SUBMITTED","reason":null,"backend":"pool","job":null,"host":null,"exit_code":null,"submitted_time":1795348800345,"connected_time":null,"stop_time":null},""" +
            $$"""{"name":"{{name}}-b","status":"FAILED","reason":"Out of memory.","backend":"pool","job":"ENDED","host":"node1","exit_code":137,"submitted_time":1795348800345,"connected_time":1795348800345,"stop_time":1795348800345}]}""",
            (await client.ReadAsync($"/api/v1/clusters/{name}/workers").JsonAsync()).GetRawText());
    }

    [Fact]
    public async Task Logs_ReadInPieces_GiveTheWholeTextWithoutBrokenCharacters()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var name = host.Store.Add("alice", ClusterPhase.Running);
        host.Store.Jobs[name] = Job(name, name);
        const string Output = "aé漢😀z — ✓ ende";
        host.Logs.Outputs[(name, JobOutput.Error)] = Encoding.UTF8.GetBytes(Output);

        var text = new StringBuilder();
        long offset = 0;
        while (true)
        {
            var page = await client.ReadAsync($"/api/v1/clusters/{name}/logs?offset={offset}&max=4").JsonAsync();
            text.Append(page.GetProperty("text").GetString());
            if (page.GetProperty("next_offset").GetInt64() == page.GetProperty("length").GetInt64())
            {
                break;
            }

            Assert.True(page.GetProperty("next_offset").GetInt64() > offset);
            offset = page.GetProperty("next_offset").GetInt64();
        }

        Assert.Equal(Output, text.ToString());
    }

    [Fact]
    public async Task Logs_OfAWorker_FromTheEnd()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var name = host.Store.Add("alice", ClusterPhase.Running);
        host.Store.Jobs[$"{name}-a"] = Job($"{name}-a", name);
        host.Logs.Outputs[($"{name}-a", JobOutput.Output)] = [.. "hello"u8, 0xff];

        Assert.Equal(
            """{"text":"llo�","next_offset":6,"length":6}""",
            (await client.ReadAsync($"/api/v1/clusters/{name}/logs?worker={name}-a&stream=output&offset=-4").JsonAsync()).GetRawText());
    }

    [Fact]
    public async Task Logs_WhereThereAreNone_Is404WithASentence()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        var name = host.Store.Add("alice", ClusterPhase.Running);
        var foreign = host.Store.Add("bob", ClusterPhase.Running);
        host.Store.Jobs[$"{foreign}-a"] = Job($"{foreign}-a", foreign);

        Assert.Equal($"The scheduler of cluster {name} has not been started yet.", await client.ReadAsync($"/api/v1/clusters/{name}/logs").ErrorAsync(HttpStatusCode.NotFound));
        Assert.Equal(
            $"Cluster {name} has no worker '{foreign}-a' that was started.",
            await client.ReadAsync($"/api/v1/clusters/{name}/logs?worker={foreign}-a").ErrorAsync(HttpStatusCode.NotFound));
        host.Store.Jobs[name] = Job(name, name);
        Assert.Equal($"There is no output of {name}: it has written none, or it was removed.", await client.ReadAsync($"/api/v1/clusters/{name}/logs").ErrorAsync(HttpStatusCode.NotFound));
        host.Logs.IsSilent = true;
        Assert.Equal(
            "The batch system does not answer, try again in a moment: The schedd does not answer.",
            await client.ReadAsync($"/api/v1/clusters/{name}/logs").ErrorAsync(HttpStatusCode.ServiceUnavailable));
    }

    private static Job Job(string name, string cluster) => new() { Name = name, Cluster = cluster, Kind = JobKind.Worker, Backend = "pool" };
}
