using System.Runtime.CompilerServices;
using Gateway.Core.Backends;

namespace Gateway.Load;

/// <summary>A batch system whose jobs are lines of a file: <c>Backends:{name}:Type = Air</c>. Whatever is asked of it is done at once, by nobody.</summary>
public sealed class AirPlugin : IBackendPlugin
{
    /// <inheritdoc/>
    public string Type => "Air";

    /// <inheritdoc/>
    public IJobBackend Create(BackendContext context) => new Air(context.Configuration["Folder"]!);

    private sealed class Air(string folder) : IJobBackend
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<string, JobReport> _jobs = Jobs.Read(folder).ToDictionary(j => j.Name, j => Report(j.Name, j.Cluster, j.Kind));

        public string? Node => null;

        public TimeSpan ListPeriod => TimeSpan.FromSeconds(15);

        public Task<IReadOnlyList<StartOutcome>> StartAsync(IReadOnlyList<JobStart> jobs, CancellationToken cancellationToken)
        {
            lock (_lock)
            {
                foreach (var job in jobs)
                {
                    _jobs[job.Name] = Report(job.Name, job.Cluster, job.Kind);
                    if (job.Kind == JobKind.Scheduler)
                    {
                        File.WriteAllBytes(Path.Combine(folder, "token"), job.Files.First(f => job.Environment["DASK_GATEWAY_API_TOKEN"].EndsWith(f.Name, StringComparison.Ordinal)).Content.ToArray());
                    }
                }

                Jobs.Append(folder, jobs.Select(j => (j.Name, j.Cluster, j.Kind)));
                return Task.FromResult<IReadOnlyList<StartOutcome>>([.. jobs.Select(j => new StartOutcome.Started(j.Name, JobState.Running))]);
            }
        }

        public Task<IReadOnlyList<StopOutcome>> StopAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken)
        {
            lock (_lock)
            {
                foreach (var job in jobs)
                {
                    _jobs.Remove(job.Name);
                }

                return Task.FromResult<IReadOnlyList<StopOutcome>>([.. jobs.Select(_ => StopOutcome.Gone)]);
            }
        }

        public Task<JobListing> ListAsync(CancellationToken cancellationToken)
        {
            lock (_lock)
            {
                return Task.FromResult(new JobListing([.. _jobs.Values], new HashSet<string>()));
            }
        }

        public Task<IReadOnlyList<JobReport>> DescribeAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<JobReport>>([]);

        public Task<AddressVerdict> CheckAddressAsync(JobHandle job, string host, IReadOnlyList<int> ports, CancellationToken cancellationToken) => Task.FromResult(AddressVerdict.Yes);

        public Task<JobLog?> ReadLogAsync(JobHandle job, JobOutput stream, long offset, int max, CancellationToken cancellationToken) => Task.FromResult<JobLog?>(null);

        public Task CleanAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken) => Task.CompletedTask;

        public async IAsyncEnumerable<IReadOnlyList<JobReport>> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            yield break;
        }

        private static JobReport Report(string name, string cluster, JobKind kind) =>
            new() { Name = name, Cluster = cluster, Kind = kind, Handle = name, State = JobState.Running, Host = "air" };
    }
}
