using System.Diagnostics.Metrics;
using Gateway.Backends.Local;
using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

// A gateway reduced to its local backend, to be killed: starts (or starts and stops) jobs, bulk after bulk, until it dies.
// Arguments: data folder, witness folder, jobs in a bulk, "start" or "stop". Each bulk's names are written out before it is started.
if (args is not [var data, var witness, var size, var mode])
{
    await Console.Error.WriteLineAsync("usage: data-folder witness-folder jobs-in-a-bulk start|stop");
    return 2;
}

var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
{
    ["Backends:test:Type"] = "Local",
    ["Backends:test:InterruptWait"] = "00:00:00.2",
    ["Backends:test:TerminateWait"] = "00:00:00.2",
}).Build();
var backend = new LocalPlugin().Create(new BackendContext
{
    Instance = "test",
    Configuration = configuration.GetSection("Backends:test"),
    GatewayId = "gateway-1",
    GatewayLabel = "test",
    Node = "this-machine",
    DataFolder = data,
    Time = TimeProvider.System,
    Loggers = NullLoggerFactory.Instance,
    Meters = new Meters(),
});

await Console.Out.WriteLineAsync("ready");
while (true)
{
    var jobs = Enumerable.Range(0, int.Parse(size, System.Globalization.CultureInfo.InvariantCulture)).Select(_ => Job()).ToArray();
    foreach (var job in jobs)
    {
        await Console.Out.WriteLineAsync(job.Name);
    }

    await Console.Out.FlushAsync();
    await backend.StartAsync(jobs, CancellationToken.None);
    if (mode == "stop")
    {
        await backend.StopAsync([.. jobs.Select(job => new JobHandle(job.Name, null))], CancellationToken.None);
    }
}

JobStart Job()
{
    var name = Guid.NewGuid().ToString("N");
    return new JobStart
    {
        Name = name,
        Cluster = name,
        Kind = JobKind.Worker,
        Attempt = 1,
        Spec = new ClusterSpec { SchedulerBackend = "test", Account = "nobody" },
        Resources = new JobResources(),
        Command = ["/bin/sh", "-c", mode == "stop" ? "trap '' INT TERM; echo $$ >> \"$W/$N\"; while :; do sleep 0.2; done" : "echo $$ >> \"$W/$N\"; exec sleep 600"],
        Environment = new Dictionary<string, string> { ["W"] = witness, ["N"] = name },
        Files = [new JobFile("token", new byte[100])],
    };
}

internal sealed class Meters : IMeterFactory
{
    public Meter Create(MeterOptions options) => new(options);

    public void Dispose()
    {
    }
}
