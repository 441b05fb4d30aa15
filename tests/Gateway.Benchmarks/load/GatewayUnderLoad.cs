using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Gateway.Testing;
using Npgsql;

namespace Gateway.Load;

/// <summary>One replica on a Postgres of its own, with as many copies of one real cluster as are wanted.</summary>
internal sealed class GatewayUnderLoad(PostgresServer postgres, string database) : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gateway-load-").FullName;
    private readonly int _port = Ports.Take();
    private readonly HttpClient _http = new();
    private Process? _process;

    public Uri Api => new($"http://127.0.0.1:{_port}/api/");

    public int Pid => _process!.Id;

    public string Token => File.ReadAllText(Path.Combine(_folder, "token"));

    public async Task StartAsync()
    {
        var start = new ProcessStartInfo("sh", ["-c", "exec dotnet \"$0\" >>log 2>&1 </dev/null", Path.Combine(AppContext.BaseDirectory, "gateway.dll")]) { WorkingDirectory = _folder };
        foreach (var (key, value) in new Dictionary<string, string>
        {
            ["DASK_GATEWAY_ENCRYPT_KEYS"] = Convert.ToBase64String(new byte[32]),
            ["Server__Listen__0"] = $"127.0.0.1:{_port}",
            ["Storage__Provider"] = "postgres",
            ["Storage__ConnectionString"] = postgres.ConnectionString(database),
            ["Clusters__SchedulerBackend"] = "air",
            ["Clusters__WorkerBackend"] = "air",
            ["Backends__air__Type"] = "Air",
            ["Backends__air__Assembly"] = typeof(AirPlugin).Assembly.Location,
            ["Backends__air__Folder"] = _folder,
            ["DOTNET_gcServer"] = "0",
        })
        {
            start.Environment[key] = value;
        }

        _process = Process.Start(start)!;
        await UntilAsync(async () =>
        {
            if (_process.HasExited)
            {
                throw new InvalidOperationException(await File.ReadAllTextAsync(Path.Combine(_folder, "log")));
            }

            try
            {
                using var answer = await _http.GetAsync(new Uri(Api, "health/ready"));
                return answer.StatusCode == HttpStatusCode.OK;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
    }

    public async Task StopAsync()
    {
        ProcessSignals.Send(Pid, 15);
        await _process!.WaitForExitAsync();
    }

    /// <summary>Makes one cluster with workers in the ordinary way, then copies its rows while no gateway runs.</summary>
    public async Task<IReadOnlyList<(string Cluster, IReadOnlyList<string> Workers)>> FillAsync(int clusters, int workers)
    {
        await StartAsync();
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("load:"u8));
        using var created = await _http.PostAsJsonAsync(new Uri(Api, "v1/clusters/"), new { });
        string name = JsonDocument.Parse(await created.EnsureSuccessStatusCode().Content.ReadAsStringAsync()).RootElement.GetProperty("name").GetString()!;
        await UntilAsync(() => Task.FromResult(File.Exists(Path.Combine(_folder, "token"))));
        using (var one = new Schedulers(Api, Token, TimeSpan.FromSeconds(1)))
        {
            int sequence = 0;
            string[] WorkerNames() => [.. Jobs.Read(_folder).Where(j => j.Kind == Core.Backends.JobKind.Worker).Select(j => j.Name)];
            await UntilAsync(async () =>
            {
                string body = Schedulers.Body(WorkerNames()).Replace($"\"count\":{WorkerNames().Length}", $"\"count\":{workers}", StringComparison.Ordinal);
                await one.BeatAsync(name, $"{body}{++sequence}}}");
                return await CountAsync("SELECT count(*) FROM workers WHERE phase = 'Connected'") == workers;
            });
        }

        await StopAsync();
        foreach (string statement in Copies(clusters))
        {
            await ExecuteAsync(statement);
        }

        var rows = await RowsAsync("SELECT j.kind, j.cluster, j.name FROM jobs j ORDER BY j.cluster");
        File.Delete(Path.Combine(_folder, "jobs"));
        Jobs.Append(_folder, rows.Select(r => (r[2], r[1], Enum.Parse<Core.Backends.JobKind>(r[0]))));
        await StartAsync();
        return [.. rows.GroupBy(r => r[1]).Select(g => (g.Key, (IReadOnlyList<string>)[.. g.Where(r => r[0] == "Worker").Select(r => r[2])]))];
    }

    public async Task<long> CountAsync(string sql) => long.Parse((await RowsAsync(sql))[0][0], CultureInfo.InvariantCulture);

    /// <summary>A counter of the gateway's own, summed over its labels.</summary>
    public async Task<double> CounterAsync(string name) =>
        (await _http.GetStringAsync(new Uri(Api, "/metrics"))).Split('\n')
            .Where(l => l.StartsWith(name, StringComparison.Ordinal)).Sum(l => double.Parse(l.Split(' ')[1], CultureInfo.InvariantCulture));

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Rows of the first cluster under new names, whatever columns they have.</summary>
    private static string[] Copies(int clusters)
    {
        string series = $"generate_series(2, {clusters}) AS i";
        return
        [
            $"INSERT INTO clusters SELECT (jsonb_populate_record(c, jsonb_build_object('name', md5(i::text)))).* FROM clusters AS c, {series}",
            $"INSERT INTO cluster_inbox SELECT (jsonb_populate_record(c, jsonb_build_object('cluster', md5(i::text)))).* FROM cluster_inbox AS c, {series}",
            $"INSERT INTO credentials SELECT (jsonb_populate_record(c, jsonb_build_object('cluster', md5(i::text)))).* FROM credentials AS c, {series}",
            $"INSERT INTO workers SELECT (jsonb_populate_record(w, jsonb_build_object('cluster', md5(i::text), 'name', w.name || '-' || i))).* FROM workers AS w, {series}",
            $"INSERT INTO jobs SELECT (jsonb_populate_record(j, jsonb_build_object('cluster', md5(i::text), 'name', CASE WHEN j.kind = 'Worker' THEN j.name || '-' || i ELSE md5(i::text) END, 'handle', CASE WHEN j.kind = 'Worker' THEN j.name || '-' || i ELSE md5(i::text) END))).* FROM jobs AS j, {series}",
            "ANALYZE",
        ];
    }

    private async Task ExecuteAsync(string sql) => await RowsAsync(sql);

    private async Task<IReadOnlyList<string[]>> RowsAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(postgres.ConnectionString(database) + ";Pooling=false;Command Timeout=600");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string[]>();
        while (await reader.ReadAsync())
        {
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => $"{reader.GetValue(i)}")]);
        }

        return rows;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        while (!await condition())
        {
            await Task.Delay(100);
        }
    }
}
