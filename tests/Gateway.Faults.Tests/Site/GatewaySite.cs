using System.Security.Cryptography;
using Gateway.Testing;
using Npgsql;

namespace Gateway.Faults.Tests.Site;

/// <summary>A facility in small: replicas, a real Postgres, a batch system that all replicas share.</summary>
internal sealed class GatewaySite : IAsyncDisposable
{
    private readonly string _folder;
    private readonly List<Replica> _replicas = [];

    private GatewaySite(PostgresServer postgres, PostgresServer? standby, string folder, string database)
    {
        (Postgres, Standby, _folder, Database) = (postgres, standby, folder, database);
    }

    /// <summary>The primary.</summary>
    public PostgresServer Postgres { get; private set; }

    /// <summary>What follows it; null: nothing does (any more).</summary>
    public PostgresServer? Standby { get; private set; }

    public string Database { get; }

    public IReadOnlyList<Replica> Replicas => _replicas;

    /// <summary>The batch system's folder.</summary>
    public string Jobs => Path.Combine(_folder, "queue");

    private string ConnectionString => Postgres.ConnectionString(Database) + ";Pooling=false;Timeout=60;Command Timeout=60;Application Name=observer";

    /// <summary>Why there can be none here; null: there can.</summary>
    public static string? Missing => PostgresServer.Missing ?? (File.Exists("/usr/bin/python3") ? null : "There is no /usr/bin/python3 for the schedulers' part.");

    /// <summary>Makes a site and starts its replicas, all at once on an empty database.</summary>
    public static async Task<GatewaySite> StartAsync(int replicas, IReadOnlyDictionary<string, string>? settings, CancellationToken cancellationToken, bool standby = false)
    {
        var postgres = await PostgresServer.StartAsync(cancellationToken);
        var site = new GatewaySite(postgres, standby ? await postgres.FollowAsync(cancellationToken) : null, Directory.CreateTempSubdirectory("gateway-site-").FullName, await postgres.CreateDatabaseAsync(null, cancellationToken));
        try
        {
            int[] ports = [.. Enumerable.Range(0, replicas).Select(_ => Ports.Take())];
            var all = site.Settings(ports, RandomNumberGenerator.GetBytes(32));
            foreach (var (key, value) in settings ?? new Dictionary<string, string>())
            {
                all[key] = value;
            }

            for (int i = 0; i < replicas; i++)
            {
                site._replicas.Add(new Replica($"r{i + 1}", ports[i], Path.Combine(site._folder, $"r{i + 1}"), all));
            }

            await site.StartAllAsync(cancellationToken);
            await site.ExecuteAsync(Audit.Install, cancellationToken);
            return site;
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts what does not run and waits until all are ready.</summary>
    public async Task StartAllAsync(CancellationToken cancellationToken)
    {
        foreach (var replica in _replicas.Where(r => !r.Runs))
        {
            replica.Start();
        }

        foreach (var replica in _replicas)
        {
            if (!await replica.IsReadyAsync(cancellationToken))
            {
                throw new InvalidOperationException($"Replica {replica.Name} has ended with {replica.ExitCode}:\n{await File.ReadAllTextAsync(replica.LogFile, cancellationToken)}");
            }
        }
    }

    /// <summary>The primary dies and its standby takes over.</summary>
    public async Task FailOverAsync(CancellationToken cancellationToken)
    {
        var (dead, heir) = (Postgres, Standby!);
        await dead.CrashAsync(cancellationToken);
        await heir.PromoteAsync(cancellationToken);
        (Postgres, Standby) = (heir, null);
        await dead.DisposeAsync();
    }

    public async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<IReadOnlyList<string[]>> QueryAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<string[]>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "" : $"{reader.GetValue(i)}")]);
        }

        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var replica in _replicas)
        {
            await replica.DisposeAsync();
        }

        if (Standby is not null)
        {
            await Standby.DisposeAsync();
        }

        await Postgres.DisposeAsync();
        foreach (var job in RunningJob.All(Jobs))
        {
            ProcessSignals.Send(job.Pid, ProcessSignals.Kill);
        }

        if (Environment.GetEnvironmentVariable("FAULTS_KEEP") is null)
        {
            Directory.Delete(_folder, recursive: true);
        }
        else
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"Kept: {_folder}");
        }
    }

    private Dictionary<string, string> Settings(int[] ports, byte[] key) => new()
    {
        ["env:DASK_GATEWAY_ENCRYPT_KEYS"] = Convert.ToBase64String(key),
        ["Storage:Provider"] = "postgres",
        ["Storage:ConnectionString"] = Standby is null
            ? Postgres.ConnectionString(Database)
            : Postgres.ConnectionString(Database)
                .Replace("127.0.0.1", $"127.0.0.1:{Postgres.Port},127.0.0.1:{Standby.Port}", StringComparison.Ordinal)
                .Replace($"Port={Postgres.Port};", "", StringComparison.Ordinal),
        ["Storage:CommandTimeout"] = "00:00:02",
        ["Reconciliation:Lease"] = "00:00:02",
        ["Reconciliation:PulsePeriod"] = "00:00:00.5",
        ["Reconciliation:PulseGap"] = "00:00:02",
        ["Reconciliation:StrayGrace"] = "00:00:10",
        ["Reconciliation:StrayShare"] = "1",

        // Longer than the pause between a scheduler's tries (15 s at most): one that has waited out our absence is not silent.
        ["Lifecycle:HeartbeatTimeout"] = "00:00:30",
        ["Lifecycle:ClusterStartTimeout"] = "00:01:00",
        ["Lifecycle:WorkerStartTimeout"] = "00:01:00",
        ["Lifecycle:WorkerExitGrace"] = "00:00:02",
        ["Authentication:Admins:0"] = "root",
        ["Limits:MaxClustersPerUser"] = "100",
        ["Clusters:SchedulerBackend"] = "jobs",
        ["Clusters:WorkerBackend"] = "jobs",
        ["Proxy:DrainTime"] = "00:00:01",
        ["Backends:jobs:Type"] = "Folder",
        ["Backends:jobs:Assembly"] = Path.Combine(AppContext.BaseDirectory, "Gateway.Faults.Backend.dll"),
        ["Backends:jobs:Folder"] = Jobs,
        ["Backends:jobs:Gateways"] = string.Join(' ', ports.Select(p => $"http://127.0.0.1:{p}")),
        ["Backends:jobs:Limits:CallTimeout"] = "00:00:05",
    };
}
