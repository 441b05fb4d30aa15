using System.Diagnostics.Metrics;
using Gateway.Core.Backends;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Backends.Local.Tests;

/// <summary>A data folder that outlives backends, and settings to make them with.</summary>
internal sealed class LocalWorld : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("local-backend-").FullName;

    public string Data => Path.Combine(Root, "data");

    public string Witness => Directory.CreateDirectory(Path.Combine(Root, "witness")).FullName;

    public string GatewayId { get; init; } = "gateway-1";

    public Dictionary<string, string?> Settings { get; } = new()
    {
        ["Type"] = "Local",
        ["InterruptWait"] = "00:00:05",
        ["TerminateWait"] = "00:00:05",
        ["CheckPeriod"] = "00:00:00.1",
    };

    public LocalBackend Create(string? gatewayId = null)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(Settings.ToDictionary(setting => $"Backends:test:{setting.Key}", setting => setting.Value))
            .Build();
        return (LocalBackend)new LocalPlugin().Create(new BackendContext
        {
            Instance = "test",
            Configuration = configuration.GetSection("Backends:test"),
            GatewayId = gatewayId ?? GatewayId,
            GatewayLabel = "test",
            Node = "this-machine",
            DataFolder = Data,
            Time = TimeProvider.System,
            Loggers = NullLoggerFactory.Instance,
            Meters = new NoMeters(),
        });
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private sealed class NoMeters : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new(options);

        public void Dispose()
        {
        }
    }
}
