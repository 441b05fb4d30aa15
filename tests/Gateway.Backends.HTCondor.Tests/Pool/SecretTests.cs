using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Tests.Pool;

/// <summary>Whatever everybody can read tells no secret, and what holds one can be read by its owner alone.</summary>
public sealed class SecretTests(PoolFixture pool) : PoolTest(pool)
{
    [Theory]
    [InlineData("Service")]
    [InlineData("SuperUser")]
    [InlineData("Token")]
    public async Task Secrets_OfAWholeLife_AreNowhereToBeSeen(string mode)
    {
        var secret = $"s3cret-{Guid.NewGuid():N}";
        var backend = Create(mode switch { "Token" => PoolSettings.Token, "SuperUser" => PoolSettings.SuperUser, _ => [] });
        var job = Job("stat -c '%a %U %n' api-token . >> \"$W/$N\"; sleep 600") with { Files = [new JobFile("api-token", System.Text.Encoding.ASCII.GetBytes(secret))] };
        var seen = new List<string>();

        var handle = await StartAsync(backend, job);
        await UntilAsync(() => Task.FromResult(Lines(job.Name).Length == 2), () => "the job to run");
        seen.Add(await QueueEverythingAsync("condor_q", "-allusers", "-l"));
        seen.Add((await Fixture.ExecAsync("root", "condor_q", "-allusers", "-better-analyze", handle.Handle!.Split('#')[1])).Output);
        var owner = mode == "Service" ? "gateway" : "alice";
        Assert.Equal([$"600 {owner} api-token", $"700 {owner} ."], Lines(job.Name));
        var spool = (await Fixture.ExecAsync("root", "condor_config_val", "SPOOL")).Output.Trim();
        var (_, kept) = await Fixture.ExecAsync("root", "sh", "-c", $"grep -rlF {secret} {spool} /home/gateway --include=api-token | while read f; do stat -c '%a %U' \"$f\" \"$(dirname \"$f\")\"; done");
        string[] own = ["600 gateway", "700 gateway"];
        string[] users = mode == "Service" ? [] : ["600 alice", "700 alice"];
        Assert.Equal(own.Concat(users).Order(StringComparer.Ordinal), kept.Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct().Order(StringComparer.Ordinal));
        var (_, other) = await Fixture.ExecAsync("bob", "sh", "-c", $"grep -rlF {secret} {spool} /var/lib/condor /var/log/condor /home/gateway /etc/condor /tmp /srv 2>/dev/null; true");
        Assert.Equal("", other.Trim());

        await backend.StopAsync([handle], Cancellation);
        await UntilAsync(backend, handle, report => report.State == JobState.Ended, "the job to end");
        seen.Add(await QueueEverythingAsync("condor_history", "-l"));
        var (_, logs) = await Fixture.ExecAsync("root", "sh", "-c", $"grep -rlF {secret} /var/log/condor {spool}/job_queue.log {spool}/history /home/gateway/*/events 2>/dev/null; true");
        Assert.Equal("", logs.Trim());
        Assert.All(seen, text => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
        Assert.DoesNotContain(Logs, line => line.Contains(secret, StringComparison.Ordinal));
    }

    private async Task<string> QueueEverythingAsync(params string[] command)
    {
        var (_, output) = await Fixture.ExecAsync("root", [.. command, "-constraint", $"DaskGatewayId == \"{GatewayId}\""]);
        Assert.Contains(GatewayId, output, StringComparison.Ordinal);
        return output;
    }
}
