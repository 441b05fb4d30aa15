using Gateway.Faults.Tests.Load;
using Gateway.Faults.Tests.Site;

namespace Gateway.Faults.Tests.Storms;

/// <summary>Users at work while replicas and the database fail, at moments that a seed decides.</summary>
internal sealed class Storm(GatewaySite site, int seed)
{
    private const string DropConnections = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    private readonly Dictionary<string, int> _faults = [];

    public Answers Answers { get; } = new();

    public string Faults
    {
        get
        {
            lock (_faults)
            {
                return string.Join(", ", _faults.OrderBy(f => f.Key).Select(f => $"{f.Key}: {f.Value}"));
            }
        }
    }

    /// <summary>Rages for a time, then lets all come back.</summary>
    public async Task RageAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(time);
        await Task.WhenAll(site.Replicas.Select((replica, i) => HarmReplicaAsync(replica, new Random((seed * 100) + i + 1), end.Token)).Append(HarmDatabaseAsync(new Random(seed), end.Token)));
        await site.StartAllAsync(cancellationToken);
    }

    private async Task HarmReplicaAsync(Replica replica, Random random, CancellationToken end)
    {
        while (await WaitAsync(random.Next(250, 3000), end))
        {
            switch (random.Next(20))
            {
                case < 15:
                    Count("kill -9");
                    await replica.KillAsync();
                    await Task.Delay(random.Next(0, 1000), CancellationToken.None);
                    replica.Start();
                    break;
                case < 18:
                    // Beyond its leases; its claims on the outbox outlast that, so that nothing is submitted twice.
                    Count("frozen replica");
                    replica.Freeze();
                    await Task.Delay(random.Next(1000, 8000), CancellationToken.None);
                    replica.Thaw();
                    break;
                default:
                    Count("SIGTERM");
                    replica.Terminate();
                    await replica.EndedAsync(CancellationToken.None);
                    replica.Start();
                    break;
            }

            // Most come to serve again before they are harmed again, however slow this machine is; some do not get that far.
            if (random.Next(4) > 0 && !await replica.IsReadyAsync(CancellationToken.None))
            {
                Answers.NotAllowed($"{replica.Name} ended by itself with {replica.ExitCode}");
                replica.Start();
            }
        }
    }

    private async Task HarmDatabaseAsync(Random random, CancellationToken end)
    {
        while (await WaitAsync(random.Next(1000, 6000), end))
        {
            switch (random.Next(8))
            {
                case < 4:
                    Count("connections dropped");
                    await site.ExecuteAsync(DropConnections, CancellationToken.None);
                    break;
                case < 6:
                    Count("frozen Postgres");
                    site.Postgres.Freeze();
                    await Task.Delay(random.Next(500, 7000), CancellationToken.None);
                    site.Postgres.Thaw();
                    break;
                case 6:
                    Count("crashed Postgres");
                    await site.Postgres.CrashAsync(CancellationToken.None);
                    await Task.Delay(random.Next(0, 4000), CancellationToken.None);
                    await site.Postgres.StartAgainAsync(CancellationToken.None);
                    break;
                default:
                    Count("restarted Postgres");
                    await site.Postgres.StopAsync(CancellationToken.None);
                    await site.Postgres.StartAgainAsync(CancellationToken.None);
                    break;
            }
        }
    }

    private static async Task<bool> WaitAsync(int milliseconds, CancellationToken end)
    {
        await Task.Delay(milliseconds, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !end.IsCancellationRequested;
    }

    private void Count(string fault)
    {
        lock (_faults)
        {
            _faults[fault] = _faults.GetValueOrDefault(fault) + 1;
        }
    }
}
