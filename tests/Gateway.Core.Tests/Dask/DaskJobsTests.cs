using System.Text;
using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Dask;
using Gateway.Core.Store;
using Gateway.Core.Tests.Clusters;

namespace Gateway.Core.Tests.Dask;

public sealed class DaskJobsTests
{
    private static readonly ClusterCredentials Secrets = new("-----CERTIFICATE-----", "-----KEY-----", "the-token");
    private readonly DaskJobs _jobs = new("http://gateway:8000/api");

    [Fact]
    public void Scheduler_Defaults_IsADaskSchedulerWithThePlugin()
    {
        var job = Scheduler(new DaskSettings());

        Assert.Equal((Given.Name, Given.Name, JobKind.Scheduler, 3), (job.Name, job.Cluster, job.Kind, job.Attempt));
        Assert.Equal(
            "dask-scheduler --protocol tls --port 0 --dashboard-address :0 --preload ./gateway_scheduler.py --dg-api-address :0 --dg-heartbeat-period 15 --dg-adaptive-period 3 --dg-idle-timeout 0",
            string.Join(' ', job.Command));
        Assert.Equal(["api-token", "dask.crt", "dask.pem", "gateway_scheduler.py"], job.Files.Select(f => f.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Scheduler_Environment_PointsToFilesAndNamesNoSecret()
    {
        var environment = Scheduler(new DaskSettings()).Environment;

        Assert.Equal("http://gateway:8000/api", environment["DASK_GATEWAY_API_URL"]);
        Assert.Equal(Given.Name, environment["DASK_GATEWAY_CLUSTER_NAME"]);
        Assert.Equal("./api-token", environment["DASK_GATEWAY_API_TOKEN"]);
        Assert.Equal("True", environment["DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION"]);
        Assert.Equal("./dask.crt", environment["DASK_DISTRIBUTED__COMM__TLS__CA_FILE"]);
        Assert.Equal("./dask.crt", environment["DASK_DISTRIBUTED__COMM__TLS__SCHEDULER__CERT"]);
        Assert.Equal("./dask.pem", environment["DASK_DISTRIBUTED__COMM__TLS__SCHEDULER__KEY"]);
    }

    [Fact]
    public void Scheduler_TokenFile_IsTheTokenAndNothingElse() =>
        Assert.Equal("the-token", Content(Scheduler(new DaskSettings()), "api-token"));

    [Fact]
    public void Scheduler_Configured_FollowsItsSettings()
    {
        var job = Scheduler(new DaskSettings
        {
            SchedulerCommand = ["python3", "-m", "distributed.cli.dask_scheduler"],
            SchedulerArguments = ["--show"],
            SchedulerHost = "10.1.2.3",
            SchedulerPort = 8786,
            DashboardPort = 8787,
            ApiPort = 8788,
            Interface = "eth1",
            HeartbeatPeriod = 1.5,
            Plugin = SchedulerPlugin.Standard,
        }, Given.Spec with { IdleTimeout = TimeSpan.FromMinutes(2) });

        Assert.Equal(
            "python3 -m distributed.cli.dask_scheduler --protocol tls --port 8786 --host 10.1.2.3 --interface eth1 --dashboard-address 10.1.2.3:8787 "
            + "--preload dask_gateway.scheduler_preload --dg-api-address 10.1.2.3:8788 --dg-heartbeat-period 1.5 --dg-adaptive-period 3 --dg-idle-timeout 120 --show",
            string.Join(' ', job.Command));
        Assert.DoesNotContain(job.Files, f => f.Name.EndsWith(".py", StringComparison.Ordinal));
    }

    [Fact]
    public void Worker_Defaults_ConnectsToItsScheduler()
    {
        var job = Worker(new DaskSettings());

        Assert.Equal(("c-1", Given.Name, JobKind.Worker), (job.Name, job.Cluster, job.Kind));
        Assert.Equal(
            "dask-worker tls://10.0.0.1:8786 --name c-1 --nthreads 1 --memory-limit 2147483648 --preload ./gateway_worker.py --death-timeout 60 --nanny --preload-nanny ./gateway_worker.py --dashboard-address :0",
            string.Join(' ', job.Command));
        Assert.Equal("./dask.pem", job.Environment["DASK_DISTRIBUTED__COMM__TLS__WORKER__KEY"]);
        Assert.Equal("c-1", job.Environment["DASK_GATEWAY_WORKER_NAME"]);
    }

    [Fact]
    public void Worker_HasNoToken()
    {
        var job = Worker(new DaskSettings());

        Assert.Equal(["dask.crt", "dask.pem", "gateway_worker.py"], job.Files.Select(f => f.Name).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(job.Environment.Keys, k => k.Contains("TOKEN", StringComparison.Ordinal));
        Assert.All(job.Files, f => Assert.DoesNotContain(Secrets.Token, Encoding.UTF8.GetString(f.Content.Span)));
    }

    [Fact]
    public void Worker_ThroughTheProxy_NamesItsScheduler()
    {
        var job = Worker(new DaskSettings
        {
            WorkerRoute = WorkerRoute.Proxy,
            ProxyAddress = "gateway:8000",
            WorkerPorts = "40000:41000",
            NannyPorts = "42000",
            ContactAddress = "tls://10.9.9.9:40000",
            WorkerDashboard = false,
            WorkerArguments = ["--resources", "GPU=1"],
        });

        Assert.Equal(
            "dask-worker tls://gateway:8000 --name c-1 --nthreads 1 --memory-limit 2147483648 --preload ./gateway_worker.py --death-timeout 60 --nanny --preload-nanny ./gateway_worker.py --scheduler-sni daskgateway-c.worker "
            + "--no-dashboard --worker-port 40000:41000 --nanny-port 42000 --contact-address tls://10.9.9.9:40000 --resources GPU=1",
            string.Join(' ', job.Command));
    }

    [Fact]
    public void Worker_WithoutNanny_HasNothingOfIt()
    {
        var command = Worker(new DaskSettings { Nanny = false, NannyPorts = "1" }).Command;

        Assert.Contains("--no-nanny", command);
        Assert.DoesNotContain("--nanny-port", command);
        Assert.DoesNotContain("--preload-nanny", command);
    }

    [Theory]
    [InlineData(0.5, null, "1")]
    [InlineData(4, null, "4")]
    [InlineData(2.9, null, "2")]
    [InlineData(4, 9, "9")]
    public void Worker_Threads_FollowCoresUnlessTold(double cores, int? threads, string expected)
    {
        var job = Worker(new DaskSettings(), resources: new JobResources { Cores = cores, Threads = threads });

        Assert.Equal(expected, After(job, "--nthreads"));
    }

    [Theory]
    [InlineData(86400, "85980s", "120s")]
    [InlineData(400, "60s", "30s")]
    public void Worker_LimitedJobs_HandOverInTime(double seconds, string lifetime, string stagger)
    {
        var job = Worker(new DaskSettings(), TimeSpan.FromSeconds(seconds));

        Assert.Equal((lifetime, stagger), (After(job, "--lifetime"), After(job, "--lifetime-stagger")));
    }

    [Fact]
    public void Environment_OfTheUser_CannotOverrideWhatKeepsTheClusterTogether()
    {
        var spec = Given.Spec with
        {
            Environment = new Dictionary<string, string>
            {
                ["DASK_GATEWAY_API_URL"] = "http://elsewhere",
                ["DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION"] = "False",
                ["MINE"] = "user",
                ["SITE"] = "user",
            },
        };
        var job = Scheduler(new DaskSettings { Environment = new Dictionary<string, string> { ["SITE"] = "site" } }, spec);

        Assert.Equal(
            ("http://gateway:8000/api", "True", "user", "site"),
            (job.Environment["DASK_GATEWAY_API_URL"], job.Environment["DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION"], job.Environment["MINE"], job.Environment["SITE"]));
    }

    [Fact]
    public void Secrets_AreInFilesOnly()
    {
        foreach (var job in new[] { Scheduler(new DaskSettings()), Worker(new DaskSettings()) })
        {
            string seen = string.Join('\n', job.Command.Concat(job.Environment.Values));
            Assert.All(new[] { Secrets.Token, Secrets.Key, Secrets.Certificate }, secret => Assert.DoesNotContain(secret, seen));
            Assert.Equal(Secrets.Key, Content(job, "dask.pem"));
            Assert.Equal(Secrets.Certificate, Content(job, "dask.crt"));
        }
    }

    private JobStart Scheduler(DaskSettings dask, ClusterSpec? spec = null) => _jobs.Scheduler(Given.Cluster(ClusterPhase.Submitted, spec), Secrets, dask, attempt: 3);

    private JobStart Worker(DaskSettings dask, TimeSpan? maxDuration = null, JobResources? resources = null) =>
        _jobs.Worker(Given.Cluster(ClusterPhase.Running), Given.Worker("c-1") with { Resources = resources ?? new JobResources() }, Secrets, dask, maxDuration, attempt: 1);

    private static string After(JobStart job, string option) => job.Command[job.Command.ToList().IndexOf(option) + 1];

    private static string Content(JobStart job, string file) => Encoding.UTF8.GetString(job.Files.Single(f => f.Name == file).Content.Span);
}
