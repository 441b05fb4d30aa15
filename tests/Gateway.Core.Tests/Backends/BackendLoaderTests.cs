using System.Reflection;
using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Tests.Reconciliation.Simulation;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Gateway.Core.Tests.Backends;

public sealed class BackendLoaderTests
{
    [Fact]
    public void Load_NothingConfigured_SaysWhatIsNeeded()
    {
        var failure = Assert.Single(Failures([]));
        Assert.StartsWith("Backends: no backend is configured", failure);
    }

    [Fact]
    public void Load_UnknownType_NamesKeyValueAndWhatIsAllowed()
    {
        var failure = Assert.Single(Failures(new() { ["Backends:pool:Type"] = "Slurm" }));
        Assert.Equal("Backends:pool:Type is 'Slurm'; allowed are Farm.", failure);
    }

    [Fact]
    public void Load_SeveralMistakes_ListsAllOfThem()
    {
        var failures = Failures(new()
        {
            ["Backends:a:Type"] = "Slurm",
            ["Backends:b:Type"] = "farm",
            ["Backends:b:Dask:SchedulerPort"] = "70000",
            ["Backends:b:Dask:HeartbeatPeriod"] = "0",
            ["Backends:b:Limits:Calls"] = "0",
            ["Backends:b:Limits:Batch"] = "20000",
            ["Backends:b:Limits:CallTimeout"] = "00:00:00.5",
            ["Backends:c:Assembly"] = "/nonexistent/plugin.dll",
        });

        string[] keys =
        [
            "Backends:a:Type", "Backends:b:Dask:HeartbeatPeriod", "Backends:b:Dask:SchedulerPort", "Backends:b:Limits:Batch",
            "Backends:b:Limits:CallTimeout", "Backends:b:Limits:Calls", "Backends:c:Assembly",
        ];
        Assert.Equal(keys, failures.Select(f => f.Split(' ')[0]).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Backends:pool:Limits:Batch", "many")]
    [InlineData("Backends:pool:Dask:SchedulerPort", "1.5")]
    [InlineData("Backends:pool:Dask:Plugin", "Mine")]
    public void Load_ValueOfTheWrongKind_NamesItsKeyAndValue(string key, string value)
    {
        var failure = Assert.Single(Failures(new() { ["Backends:pool:Type"] = "Farm", [key] = value }));
        Assert.Contains(key, failure);
        Assert.Contains(value, failure);
    }

    [Theory]
    [InlineData("Dask", "HeartbeatPeriode")]
    [InlineData("Limits", "Bach")]
    public void Load_KeyThatDoesNotExist_IsNotOverlooked(string section, string key)
    {
        var failure = Assert.Single(Failures(new() { ["Backends:pool:Type"] = "Farm", [$"Backends:pool:{section}:{key}"] = "5" }));
        Assert.Contains($"Backends:pool:{section}", failure);
        Assert.Contains(key, failure);
    }

    [Fact]
    public void Load_TwoInstancesOfOneType_AreApart()
    {
        var registry = Loader(new() { ["Backends:a:Type"] = "Farm", ["Backends:b:Type"] = "FARM", ["Backends:b:Limits:Calls"] = "9" }).Load();

        Assert.Equal(["a", "b"], registry.Names.Order());
        Assert.NotSame(registry.Find("a")!.Backend, registry.Find("b")!.Backend);
        Assert.Equal((4, 9), (registry.Find("a")!.Limits.Calls, registry.Find("b")!.Limits.Calls));
        Assert.Null(registry.Find("c"));
    }

    [Fact]
    public void Load_CommandConfigured_TakesThePlaceOfTheDefault()
    {
        var dask = Loader(new()
        {
            ["Backends:pool:Type"] = "Farm",
            ["Backends:pool:Dask:SchedulerCommand:0"] = "python3",
            ["Backends:pool:Dask:SchedulerCommand:1"] = "-m",
            ["Backends:pool:Dask:WorkerArguments:0"] = "--no-bokeh",
            ["Backends:pool:Dask:Environment:A"] = "1",
        }).Load().Find("pool")!.Dask;

        Assert.Equal(["python3", "-m"], dask.SchedulerCommand);
        Assert.Empty(dask.WorkerCommand);
        Assert.Equal(["--no-bokeh"], dask.WorkerArguments);
        Assert.Equal(new Dictionary<string, string> { ["A"] = "1" }, dask.Environment);
    }

    [Fact]
    public async Task Load_PluginByPath_RunsJobs()
    {
        var registry = Loader(new() { ["Backends:mine:Type"] = "sample", ["Backends:mine:Assembly"] = SamplePluginPath }).Load();

        var backend = registry.Find("mine")!.Backend;
        Assert.NotSame(Assembly.GetExecutingAssembly(), backend.GetType().Assembly);
        Assert.Equal("Gateway.SamplePlugin", backend.GetType().Assembly.GetName().Name);
        var start = new JobStart
        {
            Name = "job",
            Cluster = "c",
            Kind = JobKind.Scheduler,
            Attempt = 1,
            Spec = new ClusterSpec { SchedulerBackend = "mine", Account = "alice" },
            Resources = new JobResources(),
            Command = ["true"],
            Environment = new Dictionary<string, string>(),
            Files = [],
        };
        var started = Assert.IsType<StartOutcome.Started>(Assert.Single(await backend.StartAsync([start], TestContext.Current.CancellationToken)));
        Assert.Equal("mine/job", started.Handle);
        Assert.Equal("job", Assert.Single((await backend.ListAsync(TestContext.Current.CancellationToken)).Jobs).Name);
    }

    [Fact]
    public void Load_PluginThatFindsAValueWrong_IsReportedWithTheOthers()
    {
        var failures = Failures(new()
        {
            ["Backends:mine:Type"] = "Sample",
            ["Backends:mine:Assembly"] = SamplePluginPath,
            ["Backends:mine:Slots"] = "none",
            ["Backends:other:Type"] = "x",
        });

        Assert.Equal(["Backends:mine:Slots is 'none'; allowed are 1 and more.", "Backends:other:Type is 'x'; allowed are Farm."], failures.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Load_AssemblyThatIsNone_SaysSo()
    {
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.dll");
        File.WriteAllText(path, "not an assembly");
        try
        {
            var failure = Assert.Single(Failures(new() { ["Backends:mine:Type"] = "Sample", ["Backends:mine:Assembly"] = path }));
            Assert.StartsWith($"Backends:mine:Assembly is '{path}', which cannot be loaded", failure);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Load_AssemblyWithoutAPlugin_SaysSo()
    {
        string path = typeof(Assert).Assembly.Location;
        var failure = Assert.Single(Failures(new() { ["Backends:mine:Type"] = "Sample", ["Backends:mine:Assembly"] = path }));
        Assert.Contains("has no public class that implements IBackendPlugin", failure);
    }

    // Built beside this project, in the same configuration.
    private static string SamplePluginPath => AppContext.BaseDirectory.Replace("Gateway.Core.Tests", "Gateway.SamplePlugin", StringComparison.Ordinal) + "Gateway.SamplePlugin.dll";

    private static IEnumerable<string> Failures(Dictionary<string, string?> values) => Assert.Throws<OptionsValidationException>(() => Loader(values).Load()).Failures;

    private static BackendLoader Loader(Dictionary<string, string?> values)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(values).Build();
        return new BackendLoader([new FarmPlugin()], configuration, (name, section) => new BackendContext
        {
            Instance = name,
            Configuration = section,
            GatewayId = "gateway",
            GatewayLabel = "test",
            Node = "node",
            DataFolder = Path.GetTempPath(),
            Time = TimeProvider.System,
            Loggers = NullLoggerFactory.Instance,
            Meters = new UnreadMeters(),
        });
    }

    private sealed class FarmPlugin : IBackendPlugin
    {
        public string Type => "Farm";

        public IJobBackend Create(BackendContext context) => new Farm(context.Instance, _ => { });
    }
}
