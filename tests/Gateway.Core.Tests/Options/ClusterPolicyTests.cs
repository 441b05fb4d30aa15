namespace Gateway.Core.Tests.Options;

public sealed class ClusterPolicyTests
{
    [Fact]
    public void Resolve_Defaults_AreAsConfigured()
    {
        var spec = Policies.Read("""
            {"Clusters":{"SchedulerBackend":"k8s","WorkerBackend":"None","Scheduler":{"Cores":0.5,"Memory":"1 GiB"},"Worker":{"Cores":4,"Memory":"8G","Disk":"10 GB","Gpus":1,"Threads":2},
             "IdleTimeout":"30 min","NoClientTimeout":"none","MaxLifetime":"1.00:00:00","Image":"img","Environment":{"A":"1"},"Backend":{"queue":"long"}}}
            """).Resolve("null").Spec;
        Assert.Equal(("k8s", null, "alice"), (spec.SchedulerBackend, spec.WorkerBackend, spec.Account));
        Assert.Equal((0.5, 1L << 30), (spec.Scheduler.Cores, spec.Scheduler.Memory));
        Assert.Equal((4.0, 8L << 30, 10L << 30, 1, 2), (spec.Worker.Cores, spec.Worker.Memory, spec.Worker.Disk, spec.Worker.Gpus, spec.Worker.Threads));
        Assert.Equal((TimeSpan.FromMinutes(30), null, TimeSpan.FromDays(1)), (spec.IdleTimeout, spec.NoClientTimeout, spec.MaxLifetime));
        Assert.Equal(("img", "1", "long"), (spec.Image, spec.Environment["A"], spec.Backend["queue"]));
        Assert.Null(spec.MaxWorkers);
    }

    [Theory]
    [InlineData("""{"Clusters":{"Worker":{"Cores":0}}}""", "Clusters:Worker:Cores is '0'; it must be a number above 0.")]
    [InlineData("""{"Clusters":{"Worker":{"Memry":"1G"}}}""", "Clusters:Worker:Memry is not a setting. Allowed here: Cores, Memory, Disk, Gpus, Threads.")]
    [InlineData("""{"Clusters":{"Scheduler":{"Threads":1}}}""", "Clusters:Scheduler:Threads is not a setting.")]
    [InlineData("""{"Clusters":{"IdleTimeout":"soon"}}""", "Clusters:IdleTimeout is 'soon'; it must be a number of seconds")]
    [InlineData("""{"Clusters":{"Environment":{"A B":"1"}}}""", "Clusters:Environment:A B is not a name for an environment variable")]
    [InlineData("""{"Clusters":{"CertificateLifetime":"0"}}""", "Clusters:CertificateLifetime is '0'; it must be")]
    [InlineData("""{"Limits":{"MaxCores":"many"}}""", "Limits:MaxCores is 'many'; it must be a number above 0.")]
    [InlineData("""{"Limits":{"MaxWorker":1}}""", "Limits:MaxWorker is not a setting. Allowed here: MaxWorkers, MaxCores, MaxMemory, MaxClustersPerUser, Groups.")]
    [InlineData("""{"Limits":{"Groups":{"cms":{"MaxMemory":"-1"}}}}""", "Limits:Groups:cms:MaxMemory is '-1'; it must be")]
    public void Read_WrongValue_NamesTheFullKey(string json, string message) =>
        Assert.Contains(Policies.Failures(json), failure => failure.StartsWith(message, StringComparison.Ordinal));

    [Theory]
    [InlineData("""{"MaxWorkers":10}""", 10)]
    [InlineData("""{"MaxWorkers":0}""", 0)]
    [InlineData("""{"MaxCores":9}""", 4)]
    [InlineData("""{"MaxCores":10.9}""", 4)]
    [InlineData("""{"MaxMemory":"17 GiB"}""", 3)]
    [InlineData("""{"MaxWorkers":10,"MaxCores":9,"MaxMemory":"17 GiB"}""", 3)]
    [InlineData("""{"MaxWorkers":2,"MaxCores":9,"MaxMemory":"17 GiB"}""", 2)]
    public void Resolve_Limits_CountTogetherAndWithTheScheduler(string limits, int workers) => Assert.Equal(
        workers,
        Policies.Read($$"""{"Clusters":{"Scheduler":{"Cores":1,"Memory":"2G"},"Worker":{"Cores":2,"Memory":"5G"} },"Limits":{{limits}} }""").Resolve("{}").Spec.MaxWorkers);

    [Fact]
    public void Resolve_FractionsOfCores_AreNotLostToRounding() => Assert.Equal(
        3, Policies.Read("""{"Clusters":{"Scheduler":{"Cores":0.1},"Worker":{"Cores":0.1}},"Limits":{"MaxCores":0.4}}""").Resolve("{}").Spec.MaxWorkers);

    [Fact]
    public void Resolve_WorkerLargerThanTheLimit_IsRefused() => Assert.Equal(
        "A cluster may have 4 cores in all: its scheduler (1 core) and one worker (4 cores) do not fit. Ask for smaller workers.",
        Policies.Read("""
            {"Options":[{"Field":"cores","Type":"int","Default":1,"Target":"worker.cores"}],"Limits":{"MaxCores":4}}
            """).Refusal("""{"cores":4}"""));

    [Fact]
    public void Resolve_WorkersOfOthers_AreLimitedByNumberOnly() => Assert.Equal(
        7, Policies.Read("""{"Clusters":{"WorkerBackend":"None"},"Limits":{"MaxWorkers":7,"MaxCores":1}}""").Resolve("{}").Spec.MaxWorkers);

    [Theory]
    [InlineData(new string[0], 10)]
    [InlineData(new[] { "nobody" }, 10)]
    [InlineData(new[] { "cms" }, 50)]
    [InlineData(new[] { "small" }, 2)]
    [InlineData(new[] { "small", "cms" }, 50)]
    [InlineData(new[] { "cms", "free" }, null)]
    [InlineData(new[] { "CMS" }, 10)]
    [InlineData(new[] { "other" }, 10)]
    public void Resolve_GroupLimits_TheMostGenerousCounts(string[] groups, int? workers) => Assert.Equal(
        workers,
        Policies.Read("""
            {"Limits":{"MaxWorkers":10,"Groups":{"cms":{"MaxWorkers":50},"small":{"MaxWorkers":2},"free":{"MaxWorkers":"none"},"other":{"MaxClustersPerUser":9}}}}
            """).Resolve("{}", groups).Spec.MaxWorkers);
}
