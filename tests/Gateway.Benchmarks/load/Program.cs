using System.Diagnostics;
using System.Globalization;
using Gateway.Load;
using Gateway.Testing;

// load.sh [CLUSTERS,CLUSTERS...] [SECONDS]: one line of a table for each number of clusters.
const int Workers = 10;
var period = TimeSpan.FromSeconds(15);
int[] sizes = [.. (args.Length > 0 ? args[0] : "100,1000,10000").Split(',').Select(s => int.Parse(s, CultureInfo.InvariantCulture))];
var window = TimeSpan.FromSeconds(args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 45);
if (PostgresServer.Missing is { } missing)
{
    await Console.Error.WriteLineAsync(missing);
    return 1;
}

await using var postgres = await PostgresServer.StartAsync(CancellationToken.None);
Console.WriteLine("| Clusters | Workers | Heartbeats/s | p50 ms | p99 ms | max ms | Failed | Gateway CPU % | Postgres CPU % | RSS MiB | Database MiB | Statements/s |");
Console.WriteLine("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
foreach (int size in sizes)
{
    await using var gateway = new GatewayUnderLoad(postgres, await postgres.CreateDatabaseAsync(null, CancellationToken.None));
    var clusters = await gateway.FillAsync(size, Workers);
    using var schedulers = new Schedulers(gateway.Api, gateway.Token, period);
    using var end = new CancellationTokenSource();
    var beating = schedulers.BeatAsync(clusters, end.Token);

    // One period until each has been heard, whose heartbeats are all news; a second one until all is as it stays.
    await Task.Delay(period * 2.5);
    int[] database = [.. PostgresProcesses()];
    var (begun, failed) = (Stopwatch.GetTimestamp(), schedulers.Failed);
    var (mine, theirs, statements) = (Usage.Cpu([gateway.Pid]), Usage.Cpu(database), await gateway.CounterAsync("gateway_store_statements"));
    await Task.Delay(window);
    double seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
    (mine, theirs) = (Usage.Cpu([gateway.Pid]) - mine, Usage.Cpu(database) - theirs);
    statements = await gateway.CounterAsync("gateway_store_statements") - statements;
    double[] latencies = schedulers.Since(begun);
    double memory = Usage.Memory(gateway.Pid);
    long bytes = await gateway.CountAsync("SELECT pg_database_size(current_database())");
    long running = await gateway.CountAsync("SELECT count(*) FROM clusters WHERE phase = 'Running'");
    await end.CancelAsync();
    await beating;
    if (running != size)
    {
        await Console.Error.WriteLineAsync($"Only {running} of {size} clusters run at the end.");
        return 1;
    }

    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"| {size:N0} | {size * Workers:N0} | {latencies.Length / seconds:0} | {At(latencies, 0.5):0.0} | {At(latencies, 0.99):0.0} | {latencies.LastOrDefault():0} | {schedulers.Failed - failed} | {100 * mine / seconds:0} | {100 * theirs / seconds:0} | {memory:0} | {bytes / 1048576.0:0} | {statements / seconds:0} |"));
}

return 0;

static double At(double[] sorted, double share) => sorted.Length == 0 ? double.NaN : sorted[(int)(share * (sorted.Length - 1))];

IEnumerable<int> PostgresProcesses()
{
    int postmaster = Directory.GetDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), out int pid) ? pid : 0)
        .First(pid => pid > 0 && IsPostgres(pid) && CommandLine(pid) is { } line && line.Contains($"\0-p\0{postgres.Port}\0", StringComparison.Ordinal));
    return ProcessSignals.ChildrenOf(postmaster).Append(postmaster);
}

// The shell that guards it has the same arguments.
static bool IsPostgres(int process) => new FileInfo($"/proc/{process}/exe").LinkTarget?.EndsWith("/postgres", StringComparison.Ordinal) == true;

static string? CommandLine(int process)
{
    try
    {
        return File.ReadAllText($"/proc/{process}/cmdline");
    }
    catch (IOException)
    {
        return null;
    }
}
