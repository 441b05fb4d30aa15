using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Events;
using Gateway.Core.Store;

namespace Gateway.Core.Tests.Reconciliation.Simulation;

/// <summary>Outbox, jobs and continuity.</summary>
internal sealed partial class MemoryStore : IJobStore
{
    private readonly Dictionary<string, (DateTimeOffset Since, DateTimeOffset At, TimeSpan Gap)> _continuity = new(StringComparer.Ordinal);
    private readonly HashSet<string> _clean = new(StringComparer.Ordinal);

    public Task<IReadOnlyList<OutboxEntry>> ClaimOutboxAsync(string backend, string? node, int max, TimeSpan claimFor, CancellationToken cancellationToken)
    {
        foreach (var stop in _outbox.Values.Where(r => r.Entry.Action == OutboxAction.Stop && r.Entry.Backend == backend && r.DueAt <= Now).ToList())
        {
            Overtake(stop);
        }

        var claimed = _outbox.Values
            .Where(r => r.Entry.Backend == backend && r.DueAt <= Now)
            .Where(r => r.Entry.Action != OutboxAction.Stop || Find(r.Entry.Job, OutboxAction.Start) is null)
            .Where(r => (r.Entry.Node ?? _jobs.GetValueOrDefault(r.Entry.Job)?.Node) is not { } at || at == node)
            .Take(max)
            .ToList();
        foreach (var row in claimed)
        {
            row.DueAt = Now + claimFor;
            row.Claimed = true;
            row.Entry = row.Entry with
            {
                Attempt = row.Entry.Attempt + 1,
                Claim = row.Entry.Claim + 1,
                Handle = _jobs.GetValueOrDefault(row.Entry.Job)?.Handle,
                // Whether a start of which nothing is known took place can only be found out where it was tried.
                Node = row.Entry.Node ?? (row.Entry.Action == OutboxAction.Start ? node : null),
            };
        }

        return Task.FromResult<IReadOnlyList<OutboxEntry>>([.. claimed.Select(r => r.Entry)]);
    }

    public Task FinishOutboxAsync(IReadOnlyList<OutboxResult> results, CancellationToken cancellationToken)
    {
        foreach (var result in results)
        {
            if (!_outbox.TryGetValue(result.Entry.Id, out var row) || row.Entry.Claim != result.Entry.Claim || !row.Claimed)
            {
                continue;
            }

            if (result.RetryAfter is { } pause)
            {
                row.DueAt = Now + pause;
                row.Claimed = false;
                row.Entry = row.Entry with { Attempt = row.Entry.Attempt - (result.NotTried ? 1 : 0) };
            }
            else
            {
                _outbox.Remove(result.Entry.Id);
            }

            if (result.Job is { } job)
            {
                var known = _jobs.GetValueOrDefault(job.Name);
                Upsert(result.Entry.Action switch
                {
                    OutboxAction.CheckAddress when known is not null => known with { CheckedAddress = job.CheckedAddress, AddressVerdict = job.AddressVerdict },
                    OutboxAction.Stop when known is not null => known with { State = job.State, Reason = job.Reason },
                    _ => job,
                });
                Wake(job.Cluster);
            }

            if (result.Event is { } line)
            {
                Add([line with { At = Now }]);
            }
        }

        return Task.CompletedTask;
    }

    public Task<IReadOnlyDictionary<string, ClusterSnapshot>> SnapshotsAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken)
    {
        var snapshots = new Dictionary<string, ClusterSnapshot>(StringComparer.Ordinal);
        foreach (string name in names)
        {
            if (_clusters.TryGetValue(name, out var row))
            {
                var workers = row.Workers.Values.Where(w => !w.Phase.IsEnded()).OrderBy(w => w.Name, StringComparer.Ordinal).ToList();
                snapshots[name] = new ClusterSnapshot
                {
                    Cluster = row.Cluster,
                    Inbox = row.Inbox,
                    Workers = workers,
                    Jobs = workers.Select(w => w.Name).Append(name).Where(_jobs.ContainsKey).ToDictionary(j => j, j => _jobs[j], StringComparer.Ordinal),
                    HearingSince = Since("") ?? Now,
                    SeeingSince = _continuity.Keys.Where(k => k.Length > 0 && Since(k) is not null).ToDictionary(k => k, k => Since(k)!.Value, StringComparer.Ordinal),
                };
            }
        }

        return Task.FromResult<IReadOnlyDictionary<string, ClusterSnapshot>>(snapshots);
    }

    public Task<(IReadOnlyList<Job> Jobs, string? Next)> LiveJobsAsync(string backend, string? node, string? after, int max, CancellationToken cancellationToken)
    {
        var jobs = Live(backend, node).Where(j => string.CompareOrdinal(j.Name, after) > 0).OrderBy(j => j.Name, StringComparer.Ordinal).Take(max).ToList();
        return Task.FromResult<(IReadOnlyList<Job>, string?)>((jobs, jobs.Count == max ? jobs[^1].Name : null));
    }

    public Task<IReadOnlyList<Job>> LiveJobsByNameAsync(string backend, string? node, IReadOnlyCollection<string> names, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Job>>([.. Live(backend, node).Where(j => names.Contains(j.Name))]);

    public Task RecordJobsAsync(IReadOnlyList<Job> jobs, IReadOnlyList<ClusterEvent> events, CancellationToken cancellationToken)
    {
        foreach (var job in jobs)
        {
            if (_jobs.TryGetValue(job.Name, out var known) && known.State != JobState.Ended)
            {
                Upsert(known with { State = job.State, Reason = job.Reason, Host = job.Host, ExitCode = job.ExitCode });
                Wake(job.Cluster);
            }
        }

        Add(events);
        return Task.CompletedTask;
    }

    public Task RecordListingAsync(string backend, string? node, TimeSpan gap, CancellationToken cancellationToken)
    {
        Continue(backend, gap);
        return Task.CompletedTask;
    }

    public Task PulseAsync(string replica, string version, TimeSpan gap, CancellationToken cancellationToken)
    {
        Continue("", gap);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyDictionary<string, string?>> KnownJobsAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyDictionary<string, string?>>(names.Where(IsKnown).ToDictionary(n => n, n => _jobs.GetValueOrDefault(n)?.Handle, StringComparer.Ordinal));

    public Task<IReadOnlyList<string>> RemoveEndedAsync(TimeSpan age, int max, CancellationToken cancellationToken)
    {
        var removed = _clusters.Values.Where(r => r.Cluster.EndedAt < Now - age).Take(max).Select(r => r.Cluster.Name).ToList();
        foreach (string name in removed)
        {
            _clusters.Remove(name);
            foreach (var job in _jobs.Values.Where(j => j.Cluster == name).ToList())
            {
                _jobs.Remove(job.Name);
            }

            foreach (long id in _outbox.Values.Where(r => r.Entry.Cluster == name).Select(r => r.Entry.Id).ToList())
            {
                _outbox.Remove(id);
            }

            _events.RemoveAll(e => e.Cluster == name);
        }

        return Task.FromResult<IReadOnlyList<string>>(removed);
    }

    public Task<IReadOnlyList<Job>> UncleanJobsAsync(string backend, string? node, TimeSpan age, int max, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Job>>([.. _jobs.Values.Where(j => j.Backend == backend && j.State == JobState.Ended && j.StateSince <= Now - age && !_clean.Contains(j.Name)).Take(max)]);

    public Task MarkCleanAsync(IReadOnlyCollection<string> jobs, CancellationToken cancellationToken)
    {
        _clean.UnionWith(jobs);
        return Task.CompletedTask;
    }

    public Task RecordClientsAsync(string replica, IReadOnlyDictionary<string, int> clients, CancellationToken cancellationToken)
    {
        foreach (var (name, count) in clients)
        {
            if (_clusters.TryGetValue(name, out var row))
            {
                row.Inbox = row.Inbox with { Clients = count, NoClientSince = count > 0 ? null : row.Inbox.NoClientSince ?? Now };
                Wake(name);
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>A start that nobody tries right now does not take place (again) once a stop waits for it.</summary>
    private void Overtake(OutboxRow stop)
    {
        if (Find(stop.Entry.Job, OutboxAction.Start) is not { Claimed: false } start)
        {
            return;
        }

        _outbox.Remove(start.Entry.Id);
        if (start.Entry.Attempt > 0)
        {
            stop.Entry = stop.Entry with { Node = stop.Entry.Node ?? start.Entry.Node };
            return;
        }

        _outbox.Remove(stop.Entry.Id);
        Upsert(new Job { Name = stop.Entry.Job, Cluster = stop.Entry.Cluster, Kind = stop.Entry.Kind, Backend = stop.Entry.Backend, State = JobState.Ended, Reason = "It was stopped before it was started." });
        Wake(stop.Entry.Cluster);
    }

    private IEnumerable<Job> Live(string backend, string? node) =>
        _jobs.Values.Where(j => j.Backend == backend && j.State != JobState.Ended && (j.Node is null || j.Node == node));

    private bool IsKnown(string job) =>
        (_clusters.TryGetValue(job, out var own) && !own.Cluster.Phase.IsEnded())
        || _clusters.Values.Any(r => r.Workers.TryGetValue(job, out var worker) && !worker.Phase.IsEnded())
        || Find(job, OutboxAction.Start) is not null;

    private OutboxRow? Find(string job, OutboxAction action) => _outbox.Values.FirstOrDefault(r => r.Entry.Job == job && r.Entry.Action == action);

    private void Remove(string job, OutboxAction action)
    {
        if (Find(job, action) is { } row)
        {
            _outbox.Remove(row.Entry.Id);
        }
    }

    private void Upsert(Job job)
    {
        if (_jobs.TryGetValue(job.Name, out var known))
        {
            if (known.State == JobState.Ended)
            {
                return;
            }

            job = job with
            {
                StartedAt = known.StartedAt,
                StateSince = known.State == job.State ? known.StateSince : Now,
                CloseExpected = known.CloseExpected,
                Handle = job.Handle ?? known.Handle,
            };
        }
        else
        {
            job = job with { StartedAt = Now, StateSince = Now };
        }

        _jobs[job.Name] = job;
    }

    private void Continue(string what, TimeSpan gap) =>
        _continuity[what] = (_continuity.TryGetValue(what, out var known) && Now - known.At <= known.Gap ? known.Since : Now, Now, gap);

    /// <summary>Null while a silence lasts, for it has no end yet.</summary>
    private DateTimeOffset? Since(string what) => _continuity.TryGetValue(what, out var known) && Now - known.At <= known.Gap ? known.Since : null;
}
