using System.Diagnostics.Metrics;
using Gateway.Core.Backends;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Gateway.Backends.HTCondor.Tests.Pool;

/// <summary>Makes backends against the pool: what an administrator would write, and folders that go with the test.</summary>
internal sealed class PoolBackend(PoolFixture pool) : IDisposable
{
    private readonly string _id = Guid.NewGuid().ToString("N");

    public string GatewayId => _id;

    /// <summary>A folder in the pool, as the test sees it.</summary>
    public string Folder { get; } = Path.Combine(PoolFixture.Root, "home/gateway", "dg-" + Guid.NewGuid().ToString("N"));

    /// <summary>A folder that every account's jobs may write to.</summary>
    public string Witness { get; } = Path.Combine(PoolFixture.Root, "srv", "witness-" + Guid.NewGuid().ToString("N"));

    public string WitnessInJob => Inside(Witness);

    public List<string> Logs { get; } = [];

    public static string Inside(string path) => path[PoolFixture.Root.TrimEnd('/').Length..];

    public void Prepare()
    {
        Directory.CreateDirectory(Witness);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Witness, (UnixFileMode)511);
        }
    }

    /// <summary>A backend with the given settings beside those that the pool needs.</summary>
    public IJobBackend Create(params (string Key, string Value)[] settings) => Create(TimeProvider.System, settings);

    public IJobBackend Create(TimeProvider time, params (string Key, string Value)[] settings) => new HTCondorPlugin().Create(Context(time, settings));

    private BackendContext Context(TimeProvider time, (string Key, string Value)[] settings)
    {
        var values = new Dictionary<string, string?>
        {
            ["Type"] = "HTCondor",
            ["ListPeriod"] = "00:00:01",
            ["Folder"] = Folder,
            ["Tools:Root"] = PoolFixture.Root,
            ["Tools:CommandPrefix:0"] = "chroot",
            ["Tools:CommandPrefix:1"] = $"--userspec={pool.Gateway}",
            ["Tools:CommandPrefix:2"] = PoolFixture.Root,
            ["Tools:Environment:HOME"] = "/home/gateway",
            ["Files:Owner"] = pool.Gateway,
            ["Submit:Disk"] = "1000000",
            ["Submit:LeaseDuration"] = "00:00:30",
            ["Submit:MaxVacateTime"] = "00:00:05",
        };
        foreach (var (key, value) in settings)
        {
            values[key] = value;
        }

        var configuration = new ConfigurationBuilder().AddInMemoryCollection(values.Select(pair => new KeyValuePair<string, string?>($"Backends:farm:{pair.Key}", pair.Value))).Build();
        return new BackendContext
        {
            Instance = "farm",
            Configuration = configuration.GetSection("Backends:farm"),
            GatewayId = _id,
            GatewayLabel = "tests",
            Node = "here",
            DataFolder = Folder,
            Time = time,
            Loggers = LoggerFactory.Create(logging => logging.AddProvider(new ListLogger(Logs))),
            Meters = new Meters(),
        };
    }

    public void Dispose()
    {
        foreach (var folder in (string[])[Folder, Witness])
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private sealed class Meters : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new(options);

        public void Dispose()
        {
            // Meters live as long as the test.
        }
    }
}
