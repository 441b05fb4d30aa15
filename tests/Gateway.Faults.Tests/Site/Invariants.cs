namespace Gateway.Faults.Tests.Site;

/// <summary>What must be true once a storm is over.</summary>
internal static class Invariants
{
    /// <summary>What is not (yet) as it must be.</summary>
    public static async Task<IReadOnlyList<string>> BrokenAsync(GatewaySite site, IReadOnlyDictionary<string, int?> wanted, CancellationToken cancellationToken)
    {
        var broken = new List<string>();
        var clusters = (await site.QueryAsync("SELECT name, phase, reason FROM clusters", cancellationToken)).ToDictionary(r => r[0]);
        var workers = (await site.QueryAsync("SELECT cluster, phase FROM workers WHERE ended_at IS NULL", cancellationToken)).ToLookup(r => r[0], r => r[1]);
        var rows = (await site.QueryAsync("SELECT name FROM jobs WHERE ended_at IS NULL", cancellationToken)).Select(r => r[0]).ToHashSet();
        var processes = RunningJob.All(site.Jobs);

        foreach (var (name, count) in wanted)
        {
            var found = clusters.GetValueOrDefault(name);
            int connected = workers[name].Count(p => p == "Connected");
            int running = processes.Count(p => p.Cluster == name);
            bool right = count is { } n
                ? found?[1] == "Running" && workers[name].Count() == n && connected == n && running == n + 1
                : found?[1] == "Stopped" && !workers[name].Any() && running == 0;
            if (!right)
            {
                broken.Add($"{name}: wanted {(count is null ? "stopped" : $"{count} workers")}, is {found?[1] ?? "unknown"} ({found?[2]}) with {connected} of {workers[name].Count()} workers connected, {running} processes");
            }
        }

        broken.AddRange(clusters.Keys.Except(wanted.Keys).Where(c => clusters[c][1] is not "Stopped").Select(c => $"{c}: nobody asked for it, is {clusters[c][1]}"));
        broken.AddRange(processes.Where(p => !rows.Contains(p.Name)).Select(p => $"{p.Name}: a job without a row, process {p.Pid}"));
        broken.AddRange(rows.Except(processes.Select(p => p.Name)).Select(r => $"{r}: a row without its job"));
        return [.. broken, .. await ForeverBrokenAsync(site, cancellationToken)];
    }

    /// <summary>What no time can mend.</summary>
    public static async Task<IReadOnlyList<string>> ForeverBrokenAsync(GatewaySite site, CancellationToken cancellationToken)
    {
        var audit = await site.QueryAsync("SELECT at, what FROM faults_audit ORDER BY at", cancellationToken);
        string log = Path.Combine(site.Jobs, "starts.log");
        string[] starts = File.Exists(log) ? await File.ReadAllLinesAsync(log, cancellationToken) : [];
        return
        [
            .. audit.Select(row => $"{row[0]} {row[1]}"),
            .. starts.Select(line => line.Split(' ')[0]).GroupBy(name => name).Where(g => g.Count() > 1).Select(g => $"{g.Key} was started {g.Count()} times"),
        ];
    }
}
