namespace Gateway.Storage.Tests.Stores;

/// <summary>Ended clusters as they fill the tables, in SQL that needs only a table <c>n</c> of numbers <c>i</c> and one <c>m</c> of numbers <c>k</c>.</summary>
internal static class History
{
    public static IEnumerable<string> Statements(string cluster, string worker)
    {
        string spec = """'{"scheduler_backend":"local","account":"a"}'""".Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal);
        yield return $"""
            INSERT INTO clusters (name, options, spec, phase, worker_failures, created_at, ended_at, revision)
            SELECT {cluster}, '[]', {spec}, 'Stopped', 0, i, i + 1000, 9 FROM n
            """;
        yield return $"""
            INSERT INTO cluster_inbox (cluster, desired, stop_failed, ended, wake, generation, clients)
            SELECT {cluster}, 'Stopped', FALSE, TRUE, 5, 5, 0 FROM n
            """;
        yield return $"""
            INSERT INTO credentials (cluster, certificate, token_hash, key_id, sealed_key, sealed_token)
            SELECT {cluster}, 'c', x'00', 'k', x'00', x'00' FROM n
            """;
        yield return $"""
            INSERT INTO workers (name, cluster, worker_group, backend, resources, phase, submitted_at, stop_saved, ended_at)
            SELECT {worker}, {cluster}, 'default', 'farm', '[]', 'Stopped', i, TRUE, i + 500 FROM n, m
            """;
        yield return $"""
            INSERT INTO jobs (name, cluster, kind, backend, state, close_expected, started_at, state_since, ended_at, clean)
            SELECT {worker}, {cluster}, 'Worker', 'farm', 'Ended', FALSE, i, i, i, TRUE FROM n, m
            """;
        yield return $"""
            INSERT INTO events (cluster, worker, at, kind, message)
            SELECT {cluster}, {worker}, i, 'worker.stopped', 'It stopped.' FROM n, m
            """;
    }
}
