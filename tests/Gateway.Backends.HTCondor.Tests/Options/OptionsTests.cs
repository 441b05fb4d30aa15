using System.Diagnostics.Metrics;
using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Gateway.Backends.HTCondor.Tests.Options;

public sealed class OptionsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("ListPeriod", "00:00:00", "ListPeriod = '00:00:00': allowed is 00:00:01 to 01:00:00")]
    [InlineData("ListPeriod", "soon", "soon")]
    [InlineData("Tools:MaxConcurrent", "0", "Tools:MaxConcurrent = '0': allowed is 1 to 64")]
    [InlineData("Folder", "relative/path", "Folder = 'relative/path'")]
    [InlineData("Folder", "/with space", "Folder = '/with space'")]
    [InlineData("Identity:Mode", "Root", "Root")]
    [InlineData("Identity:AllowedAccounts", "(", "Identity:AllowedAccounts = '('")]
    [InlineData("DefaultProfile", "none", "DefaultProfile = 'none'")]
    [InlineData("Submit:LeaseDuration", "00:00:00", "Submit:LeaseDuration = '00:00:00'")]
    [InlineData("Submit:Lines:0", "queue 5", "Submit:Lines = 'queue 5'")]
    [InlineData("Submit:Attributes:A B", "1", "Submit:Attributes:A B")]
    [InlineData("UserFields:flavour:Kind", "Text", "UserFields:flavour:Attribute")]
    [InlineData("UserFields:profile:Kind", "Profile", "UserFields:profile:Allowed")]
    [InlineData("Files:Owner", "gateway", "Files:Owner = 'gateway'")]
    [InlineData("Files:Credentials:0:Name", "proxy", "Files:Credentials:0:File")]
    [InlineData("Queue:IdleJobs", "0", "Queue:IdleJobs = '0': allowed is 1 to 1000000")]
    [InlineData("Limit:IdleJobs", "5", "Backends:farm:Limit is not a setting; allowed here are")]
    [InlineData("Submit:Requierments", "True", "Backends:farm:Submit:Requierments is not a setting; allowed here are")]
    [InlineData("Worker:Container:Imag", "x", "Backends:farm:Worker:Container:Imag is not a setting")]
    [InlineData("Profiles:long:MaxDuratoin", "1", "Backends:farm:Profiles:long:MaxDuratoin is not a setting")]
    [InlineData("UserFields:x:Kind2", "Text", "Backends:farm:UserFields:x:Kind2 is not a setting")]
    [InlineData("Schedds:0:Nmae", "a", "Backends:farm:Schedds:0:Nmae is not a setting")]
    public void Create_WrongValue_NamesKeyValueAndWhatIsAllowed(string key, string value, string expected)
    {
        var exception = Assert.Throws<OptionsValidationException>(() => Create((key, value)));

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.Contains("Backends:farm", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_TokensWithoutKey_NamesAllThatIsMissing()
    {
        var exception = Assert.Throws<OptionsValidationException>(() => Create(("Identity:Mode", "Token"), ("Files:Mode", "Folder")));

        Assert.Contains(exception.Failures, failure => failure.Contains("Identity:Token:KeyFile", StringComparison.Ordinal));
        Assert.Contains(exception.Failures, failure => failure.Contains("Identity:Token:TrustDomain", StringComparison.Ordinal));
        Assert.Contains(exception.Failures, failure => failure.Contains("Identity:Token:UserDomain", StringComparison.Ordinal));
        Assert.Contains(exception.Failures, failure => failure.Contains("Files:Mode = 'Folder'", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("plain-pool.json")]
    [InlineData("fermilab-like.json")]
    [InlineData("cern-like.json")]
    [InlineData("test-pool.json")]
    public async Task Load_ReadyProfile_IsValidAsTheGatewayReadsIt(string file)
    {
        var key = Path.Combine(_folder, "key");
        await File.WriteAllBytesAsync(key, new byte[48], TestContext.Current.CancellationToken);
        var text = (await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "deploy", file), TestContext.Current.CancellationToken)).Replace("POOL", _folder, StringComparison.Ordinal).Replace("/etc/dask-gateway/condor-key", key, StringComparison.Ordinal);
        var path = Path.Combine(_folder, file);
        await File.WriteAllTextAsync(path, text, TestContext.Current.CancellationToken);

        var registry = Load(new ConfigurationBuilder().AddJsonFile(path).Build());

        Assert.IsType<HTCondorBackend>(registry.Find("farm")!.Backend);
        Assert.Null(await registry.Find("farm")!.Backend.CheckSpecAsync(Spec(null), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Load_LimitsOfTheGatewayAndOfTheQueue_DoNotMeet()
    {
        var settings = new Dictionary<string, string?>
        {
            ["Backends:farm:Type"] = "HTCondor",
            ["Backends:farm:Limits:CallTimeout"] = "00:01:00",
            ["Backends:farm:Queue:SubmissionsPerMinute"] = "30",
            ["Backends:farm:Queue:IdleJobs"] = "100",
            ["Backends:farm:Queue:JobsPerSubmission"] = "50",
            ["Backends:farm:Queue:BusyDutyCycle"] = "0.5",
            ["Backends:farm:Queue:AvoidFor"] = "00:05:00",
            ["Backends:farm:Dask:Nanny"] = "false",
        };

        Assert.NotNull(Load(new ConfigurationBuilder().AddInMemoryCollection(settings).Build()).Find("farm"));
    }

    private BackendRegistry Load(IConfiguration configuration) => new BackendLoader([new HTCondorPlugin()], configuration, (_, section) => Context(section)).Load();

    [Fact]
    public async Task CheckSpec_FieldsAndImages_AreAnsweredInSentences()
    {
        var catalog = Path.Combine(_folder, "cvmfs");
        Directory.CreateDirectory(Path.Combine(catalog, "coffea:2026.1"));
        Directory.CreateDirectory(Path.Combine(catalog, "coffea:2026.2"));
        Directory.CreateDirectory(Path.Combine(catalog, "root:6"));
        var backend = Create(
            ("Submit:Container:Mode", "Universe"), ("Submit:Container:Allowed:0", catalog + "/*"), ("Submit:Container:Allowed:1", "docker://ok/*"), ("Submit:Container:Catalogs:0", catalog),
            ("UserFields:requirements:Kind", "Requirements"), ("UserFields:profile:Kind", "Profile"), ("UserFields:profile:Allowed:0", "long"), ("Profiles:long:MaxDuration", "10:00:00"), ("Submit:MaxDuration", "02:00:00"),
            ("UserFields:disk:Kind", "Disk"), ("UserFields:disk:Max", "1000"), ("UserFields:limits:Kind", "ConcurrencyLimits"), ("UserFields:limits:Allowed:0", "sw_x"));

        Assert.Null(await CheckAsync(backend, $"{catalog}/coffea:2026.1"));
        Assert.Null(await CheckAsync(backend, "docker://ok/x:1"));
        Assert.Contains($"near it are {catalog}/coffea:2026.1, {catalog}/coffea:2026.2.", await CheckAsync(backend, $"{catalog}/coffea:2025.9"), StringComparison.Ordinal);
        Assert.Contains("is not allowed: allowed are", await CheckAsync(backend, "docker://evil/x"), StringComparison.Ordinal);
        Assert.Contains("without '..'", await CheckAsync(backend, $"{catalog}/../../etc"), StringComparison.Ordinal);
        Assert.Contains("control character", await CheckAsync(backend, $"{catalog}/x\nqueue"), StringComparison.Ordinal);
        Assert.Equal("The field 'rank' cannot be set for HTCondor jobs; allowed are disk, limits, profile, requirements.", await CheckAsync(backend, null, ("rank", "1")));
        Assert.Contains("Requirements = 'True) || (True'", await CheckAsync(backend, null, ("requirements", "True) || (True")), StringComparison.Ordinal);
        Assert.Contains("allowed are long", await CheckAsync(backend, null, ("profile", "short")), StringComparison.Ordinal);
        Assert.Contains("from 0 to 1000", await CheckAsync(backend, null, ("disk", "1 KiB")), StringComparison.Ordinal);
        Assert.Contains("allowed are sw_x", await CheckAsync(backend, null, ("limits", "sw_x, sw_y")), StringComparison.Ordinal);
        Assert.Null(await CheckAsync(backend, null, ("limits", "sw_x"), ("disk", "1 KB"), ("profile", "long")));
        Assert.Equal(TimeSpan.FromHours(10), backend.MaxJobDuration(Spec(null, ("profile", "long"))));
        Assert.Equal(TimeSpan.FromHours(2), backend.MaxJobDuration(Spec(null)));
    }

    private static Task<string?> CheckAsync(IJobBackend backend, string? image, params (string Key, string Value)[] fields) =>
        backend.CheckSpecAsync(Spec(image, fields), TestContext.Current.CancellationToken);

    private static ClusterSpec Spec(string? image, params (string Key, string Value)[] fields) =>
        new() { SchedulerBackend = "farm", Account = "alice", Image = image, Backend = fields.ToDictionary(field => field.Key, field => field.Value) };

    private IJobBackend Create(params (string Key, string Value)[] settings) =>
        new HTCondorPlugin().Create(Context(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(pair => new KeyValuePair<string, string?>($"Backends:farm:{pair.Key}", pair.Value))).Build().GetSection("Backends:farm")));

    private BackendContext Context(IConfigurationSection section) => new()
    {
        Instance = "farm",
        Configuration = section,
        GatewayId = "id",
        GatewayLabel = "tests",
        Node = "here",
        DataFolder = _folder,
        Time = TimeProvider.System,
        Loggers = NullLoggerFactory.Instance,
        Meters = new Meters(),
    };

    private sealed class Meters : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new(options);

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
