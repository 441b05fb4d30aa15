using System.Diagnostics;
using Gateway.Core.Backends;
using Gateway.Core.Clusters;

namespace Gateway.Backends.HTCondor.Tests.Pool;

public sealed class SubmissionTests(PoolFixture pool) : PoolTest(pool)
{
    [Fact]
    public async Task Start_OddArgumentsAndVariables_ArriveAsTheyAre()
    {
        string[] odd =
        [
            "", " ", "a b", "it's", "''", "\"", "\"\"two\"\"", "\\", "ends with \\", "$HOME", "$$", "$(HOME)", "$ENV(HOME)", "$(DOLLA)", "${x}", "`id`", "a,b", ",", ")", "(", "#no comment", "*", "?", "~", "a=b", "=", ";", "&", "|",
            "<", ">", "é ü ☃ 日本", "%s", "!", "^", "tab\there".Replace('\t', ' '), "queue 5", "$INT(5)", "$RANDOM_CHOICE(a,b)", "-n", "--", "\\n", "\\\"", "'\"'\"'",
        ];
        var backend = Create();
        var job = Job("for a in \"$@\"; do printf '%s\\n' \"$a\" >> \"$W/$N\"; done; printf '%s\\n' \"$ODD\" >> \"$W/$N\"");
        var value = string.Join(' ', odd);
        job = job with { Command = [.. job.Command, "sh", .. odd], Environment = new Dictionary<string, string>(job.Environment) { ["ODD"] = value } };

        var handle = await StartAsync(backend, job);
        await UntilAsync(backend, handle, report => report.State == JobState.Ended, "the job to end");

        Assert.Equal([.. odd, value], Lines(job.Name));
    }

    [Fact]
    public async Task Start_ClustersOfOneUser_GoInOneSubmission()
    {
        var backend = Create();
        var jobs = Enumerable.Range(0, 3).SelectMany(i => Enumerable.Range(0, 5).Select(_ => Job(Stay, cluster: $"c{i}"))).ToList();

        var outcomes = await backend.StartAsync(jobs, Cancellation);

        var handles = outcomes.Select(outcome => Assert.IsType<StartOutcome.Started>(outcome).Handle).ToList();
        Assert.Single(handles.Select(handle => handle.Split('#')[1].Split('.')[0]).Distinct());
        Assert.Single(Logs, line => line.Contains("Submitted 15 jobs", StringComparison.Ordinal));
        foreach (var job in jobs)
        {
            await UntilStartedAsync(job);
            Assert.Single(Lines(job.Name));
        }
    }

    [Fact]
    public async Task Start_UsersTokens_JobsRunAsTheUsers()
    {
        var backend = Create(PoolSettings.Token);
        var alice = Job("id -un >> \"$W/$N\"; cat api-token >> \"$W/$N\"; echo >> \"$W/$N\"; echo out; sleep 20; echo more; echo more >> \"$W/$N\"; sleep 600");
        var bob = Job("id -un >> \"$W/$N\"; sleep 600", account: "bob") with { Files = [new JobFile("api-token", "other"u8.ToArray())] };

        var outcomes = await backend.StartAsync([alice, bob], Cancellation);

        Assert.All(outcomes, outcome => Assert.IsType<StartOutcome.Started>(outcome));
        await UntilStartedAsync(alice);
        await UntilStartedAsync(bob);
        Assert.Equal("alice", Lines(alice.Name)[0]);
        Assert.Equal("bob", Lines(bob.Name)[0]);
        Assert.DoesNotContain("s3cret", await QueueAsync("true", "Arguments", "Environment", "TransferInput"), StringComparison.Ordinal);
        var secret = (await Fixture.ExecAsync("bob", "sh", "-c", "cat $(condor_config_val SPOOL)/*/*/*/api-token $(condor_config_val EXECUTE)/*/api-token $(condor_config_val EXECUTE)/*/*/api-token 2>/dev/null; true")).Output;
        Assert.Contains("other", secret, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", secret, StringComparison.Ordinal);
        var handles = outcomes.Zip((JobStart[])[alice, bob], (outcome, job) => new JobHandle(job.Name, ((StartOutcome.Started)outcome).Handle)).ToList();
        await UntilAsync(async () => (await backend.ReadLogAsync(handles[0], JobOutput.Output, 0, 100, Cancellation))?.Bytes.Span.StartsWith("out"u8) == true, () => "the output of a running job: " + string.Join("\n", Logs.TakeLast(5)));
        await UntilAsync(() => Task.FromResult(Lines(alice.Name).Length == 3), () => "alice's job to go on");
        await backend.StopAsync(handles, Cancellation);
        await UntilAsync(backend, handles[0], report => report.State == JobState.Ended, "alice's job to end");
        Assert.Equal("out\nmore\n"u8.ToArray(), (await backend.ReadLogAsync(handles[0], JobOutput.Output, 0, 100, Cancellation))!.Bytes.ToArray());
    }

    [Fact]
    public async Task Start_QueueSuperUser_JobsRunAsTheUsers()
    {
        var backend = Create(PoolSettings.SuperUser);
        var alice = Job("id -un >> \"$W/$N\"");
        var unknown = Job(Stay, account: "nosuchuser");

        var outcomes = await backend.StartAsync([alice, unknown], Cancellation);

        await UntilStartedAsync(alice);
        Assert.Equal("alice", Lines(alice.Name)[0]);
        Assert.Contains("nosuchuser", Assert.IsType<StartOutcome.Refused>(outcomes[1]).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("root")]
    [InlineData("condor")]
    [InlineData("a b")]
    [InlineData("alice\nqueue")]
    [InlineData("../alice")]
    public async Task Start_ForbiddenAccount_IsRefused(string account)
    {
        var outcome = Assert.Single(await Create(PoolSettings.Token).StartAsync([Job(Stay, account: account)], Cancellation));

        Assert.Contains("cannot run as the account", Assert.IsType<StartOutcome.Refused>(outcome).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_FieldsThatUsersMaySet_ReachTheJobAsValuesOnly()
    {
        var backend = Create(
            ("UserFields:requirements:Kind", "Requirements"), ("UserFields:job_flavour:Kind", "Text"), ("UserFields:job_flavour:Attribute", "JobFlavour"), ("UserFields:request_disk:Kind", "Disk"), ("UserFields:request_disk:Max", "10000000"));
        var nasty = "workday\" || True; queue 5 # $(HOME)";
        var fields = new Dictionary<string, string> { ["requirements"] = "OpSys == \"LINUX\" || False", ["job_flavour"] = nasty, ["request_disk"] = "5 MB" };
        var job = Job(Stay, spec: new ClusterSpec { SchedulerBackend = "farm", Account = "alice", Backend = fields });

        await StartAsync(backend, job);
        await UntilStartedAsync(job);

        Assert.Equal($"\"{nasty.Replace("\"", "\\\"", StringComparison.Ordinal)}\"", await QueueAsync("true", "JobFlavour"));
        Assert.Equal("4883", await QueueAsync("true", "RequestDisk"));
        Assert.Contains("&& (OpSys == \"LINUX\" || false)", await QueueAsync("true", "Requirements"), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Start_OneClustersMistake_DoesNotStopAnothers()
    {
        // Something that only HTCondor itself can find wrong: its own configuration of a job's files.
        var backend = Create();
        var good = Job(Stay);
        var bad = Job(Stay) with { Files = [new JobFile("api-token", "x"u8.ToArray())] };
        await backend.StartAsync([bad with { Name = bad.Name + "x" }], Cancellation);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Folder, "clusters", bad.Cluster, "files"), "*", SearchOption.AllDirectories))
        {
            File.SetAttributes(file, FileAttributes.Normal);
            await Fixture.ExecAsync("root", "chmod", "000", PoolBackend.Inside(file));
        }

        var outcomes = await backend.StartAsync([bad, good], Cancellation);

        Assert.IsType<StartOutcome.Started>(outcomes[1]);
        await UntilStartedAsync(good);
    }

    [Fact]
    public async Task Start_IdleLimit_SubmitsWhatFitsAndDefersTheRest()
    {
        var backend = Create(("Queue:IdleJobs", "3"));
        var jobs = Enumerable.Range(0, 5).Select(_ => Job(Stay)).ToList();

        var outcomes = await backend.StartAsync(jobs, Cancellation);

        Assert.Equal(3, outcomes.Count(outcome => outcome is StartOutcome.Started));
        Assert.Equal(2, outcomes.Count(outcome => outcome is StartOutcome.Deferred { Reason: var reason } && reason.Contains("3 jobs of the gateway wait", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Start_SubmissionsPerMinute_AreBounded()
    {
        var backend = Create(("Queue:SubmissionsPerMinute", "1"));

        var first = await backend.StartAsync([Job(Stay)], Cancellation);
        var second = await backend.StartAsync([Job(Stay)], Cancellation);

        Assert.IsType<StartOutcome.Started>(first[0]);
        Assert.InRange(Assert.IsType<StartOutcome.Deferred>(second[0]).After, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Probe_WrongKey_RefusesWithASentence()
    {
        var key = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(key, new byte[48], Cancellation);
            var wrong = Create([.. PoolSettings.Token, ("Identity:Token:KeyFile", key), ("Identity:Token:KeyId", "GATEWAY"), ("Identity:Token:ProbeAccount", "alice")]);
            var right = Create([.. PoolSettings.Token, ("Identity:Token:ProbeAccount", "alice")]);

            Assert.Contains("does not let this gateway submit with a token for alice", await wrong.ProbeAsync(Cancellation), StringComparison.Ordinal);
            Assert.Null(await right.ProbeAsync(Cancellation));
        }
        finally
        {
            File.Delete(key);
        }
    }

    [Fact]
    public async Task Probe_WrongKeyAndNoAccountToTry_RefusesAllTheSame()
    {
        var key = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(key, new byte[48], Cancellation);

            Assert.Contains("does not let this gateway submit", await Create([.. PoolSettings.Token, ("Identity:Token:KeyFile", key), ("Identity:Token:KeyId", "GATEWAY")]).ProbeAsync(Cancellation), StringComparison.Ordinal);
            Assert.Contains("does not let this gateway submit", await Create([.. PoolSettings.Token, ("Identity:Token:TrustDomain", "elsewhere")]).ProbeAsync(Cancellation), StringComparison.Ordinal);
            Assert.Null(await Create(PoolSettings.Token).ProbeAsync(Cancellation));
        }
        finally
        {
            File.Delete(key);
        }
    }

    [Fact]
    public async Task Probe_AccountOfTheService_MustBeTheOneThatTheScheddSees()
    {
        Assert.Null(await Create(("Identity:ServiceAccount", "gateway")).ProbeAsync(Cancellation));
        Assert.Contains("knows this gateway as gateway@", await Create(("Identity:ServiceAccount", "alice")).ProbeAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Probe_QueueSuperUser_MustBeOne()
    {
        Assert.Null(await Create(PoolSettings.SuperUser).ProbeAsync(Cancellation));
        var (_, alice) = await Fixture.ExecAsync("root", "id", "-u", "alice");
        var asAlice = Create([.. PoolSettings.SuperUser, ("Tools:CommandPrefix:1", $"--userspec={alice.Trim()}:{alice.Trim()}"), ("Tools:Environment:HOME", "/home/alice")]);

        Assert.Contains("is not among its QUEUE_SUPER_USERS", await asAlice.ProbeAsync(Cancellation), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-50)]
    [InlineData(50)]
    [InlineData(-600)]
    public async Task Start_ClockOfTheGatewayIsWrong_TokensAreGoodAllTheSame(int seconds)
    {
        var time = new ShiftedTime { Offset = TimeSpan.FromSeconds(seconds) };

        await StartAsync(Create(time, PoolSettings.Token), Job(Stay));
    }

    [Fact]
    public async Task Start_LongAfterTheFirst_TokenIsANewOne()
    {
        var time = new ShiftedTime();
        var backend = Create(time, [.. PoolSettings.Token, ("Identity:Token:Lifetime", "00:02:00"), ("Identity:Token:ClockSkew", "00:05:00")]);
        await StartAsync(backend, Job(Stay));
        var path = Path.Combine(Folder, "tokens", "alice", "gateway");
        var first = await File.ReadAllTextAsync(path, Cancellation);

        time.Offset += TimeSpan.FromSeconds(30);
        await StartAsync(backend, Job(Stay));
        Assert.Equal(first, await File.ReadAllTextAsync(path, Cancellation));

        time.Offset += TimeSpan.FromSeconds(31);
        await StartAsync(backend, Job(Stay));
        Assert.NotEqual(first, await File.ReadAllTextAsync(path, Cancellation));
    }

    private sealed class ShiftedTime : TimeProvider
    {
        public TimeSpan Offset { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Offset;
    }

    [Fact]
    public async Task Start_KeyRotated_GoesOnWithTheNewOne()
    {
        var key = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(key, new byte[48], Cancellation);
            var backend = Create([.. PoolSettings.Token, ("Identity:Token:KeyFile", key), ("Identity:Token:KeyId", "GATEWAY")]);
            await Assert.ThrowsAnyAsync<Exception>(async () => Assert.IsType<StartOutcome.Started>(Assert.Single(await backend.StartAsync([Job(Stay)], Cancellation))));

            File.Copy(Path.Combine(PoolFixture.Root, "etc/condor/passwords.d/GATEWAY"), key, overwrite: true);
            File.SetLastWriteTimeUtc(key, File.GetLastWriteTimeUtc(key).AddMinutes(1));

            await StartAsync(backend, Job(Stay));
        }
        finally
        {
            File.Delete(key);
        }
    }

    [Fact]
    public async Task Output_WithoutEnd_TakesNoMoreDiskThanItMay()
    {
        var backend = Create(("Submit:MaxOutputMegabytes", "1"));
        var job = Job("echo $$ >> \"$W/$N\"; head -c 20000000 /dev/zero | tr '\\0' x; echo; echo the end; exec sleep 600");
        var handle = await StartAsync(backend, job);

        async Task<string> TailAsync() => System.Text.Encoding.ASCII.GetString((await backend.ReadLogAsync(handle, JobOutput.Output, -9, 9, Cancellation))?.Bytes.ToArray() ?? []);
        await UntilAsync(async () => await TailAsync() == "\nthe end\n", () => "all of its output");
        await UntilAsync(
            async () =>
            {
                await backend.ListAsync(Cancellation);
                var (_, blocks) = await Fixture.ExecAsync("root", "stat", "-c", "%b", PoolBackend.Inside(Path.Combine(Folder, "clusters", job.Cluster, job.Name + ".out")));
                return int.Parse(blocks.Trim(), System.Globalization.CultureInfo.InvariantCulture) * 512L < 2 << 20;
            },
            () => "its output to be cut");

        Assert.Equal("\nthe end\n", await TailAsync());
        Assert.Equal(JobState.Running, (await FindAsync(backend, handle))!.State);
    }

    [Fact]
    public async Task Output_WithoutEnd_Spooled_TakesNoMoreSpoolThanItMay_AndItsEndIsKept()
    {
        var backend = Create([.. PoolSettings.Token, ("Submit:MaxOutputMegabytes", "1")]);
        var job = Job("echo $$ >> \"$W/$N\"; head -c 20000000 /dev/zero | tr '\\0' x; echo; echo the end >&2; echo >> \"$W/$N\"; until [ -e \"$W/go\" ]; do sleep 0.2; done; echo the end; exit 3");
        var handle = await StartAsync(backend, job);
        await UntilAsync(() => Task.FromResult(Lines(job.Name).Length == 2), () => "all of it to be written");

        var (_, sizes) = await Fixture.ExecAsync("root", "sh", "-c", $"stat -c %s $(condor_config_val SPOOL)/*/*/*/{job.Name}.out");
        Assert.InRange(int.Parse(sizes.Trim(), System.Globalization.CultureInfo.InvariantCulture), 1, 1 << 20);
        await UntilAsync(async () => await ReadAsync(JobOutput.Error) == "the end\n", () => "what it says while it runs");

        await File.WriteAllTextAsync(Path.Combine(Witness, "go"), "", Cancellation);
        var report = await UntilAsync(backend, handle, report => report.State == JobState.Ended, "it to end");
        Assert.Equal(3, report.ExitCode);
        var output = await ReadAsync(JobOutput.Output);
        Assert.InRange(output.Length, (1 << 20) + (16 << 10), (1 << 20) + (17 << 10));
        Assert.Contains("[output is cut here", output, StringComparison.Ordinal);
        Assert.EndsWith("x\nthe end\n", output, StringComparison.Ordinal);

        async Task<string> ReadAsync(JobOutput stream) => System.Text.Encoding.ASCII.GetString((await backend.ReadLogAsync(handle, stream, 0, 4 << 20, Cancellation))?.Bytes.ToArray() ?? []);
    }

    [Fact]
    public async Task Start_ThousandWorkers_IsOneSubmission()
    {
        var backend = Create(("Submit:Requirements", "False"));
        var jobs = Enumerable.Range(0, 1000).Select(_ => Job(Stay, cluster: "big")).ToList();
        await backend.ListAsync(Cancellation);

        var began = Stopwatch.GetTimestamp();
        var outcomes = await backend.StartAsync(jobs, Cancellation);
        var submitted = Stopwatch.GetElapsedTime(began);
        began = Stopwatch.GetTimestamp();
        var listing = await backend.ListAsync(Cancellation);
        var listed = Stopwatch.GetElapsedTime(began);
        began = Stopwatch.GetTimestamp();
        await backend.StopAsync([.. outcomes.Zip(jobs, (outcome, job) => new JobHandle(job.Name, ((StartOutcome.Started)outcome).Handle))], Cancellation);
        var stopped = Stopwatch.GetElapsedTime(began);

        TestContext.Current.TestOutputHelper!.WriteLine($"1000 workers: submitted in {submitted.TotalSeconds:0.00} s, listed in {listed.TotalSeconds:0.00} s, stopped in {stopped.TotalSeconds:0.00} s");
        Assert.Single(Logs, line => line.Contains("Submitted 1000 jobs", StringComparison.Ordinal));
        Assert.Equal(1000, listing.Jobs.Count);
    }
}
