using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Gateway.Core.Backends;

namespace Gateway.SamplePlugin;

/// <summary>Jobs that exist only in memory.</summary>
internal sealed class SampleBackend(string instance) : IJobBackend
{
    private readonly ConcurrentDictionary<string, JobReport> _jobs = new(StringComparer.Ordinal);

    public string? Node => null;

    public TimeSpan ListPeriod => TimeSpan.FromSeconds(1);

    public Task<IReadOnlyList<StartOutcome>> StartAsync(IReadOnlyList<JobStart> jobs, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<StartOutcome>>([.. jobs.Select(job => new StartOutcome.Started(
            _jobs.GetOrAdd(job.Name, name => new() { Name = name, Cluster = job.Cluster, Kind = job.Kind, Handle = $"{instance}/{name}", State = JobState.Running }).Handle))]);

    public Task<IReadOnlyList<StopOutcome>> StopAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken)
    {
        foreach (var job in jobs)
        {
            _jobs.TryRemove(job.Name, out _);
        }

        return Task.FromResult<IReadOnlyList<StopOutcome>>([.. jobs.Select(_ => StopOutcome.Gone)]);
    }

    public Task<JobListing> ListAsync(CancellationToken cancellationToken) => Task.FromResult(new JobListing([.. _jobs.Values], new HashSet<string>()));

    public Task<IReadOnlyList<JobReport>> DescribeAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<JobReport>>([]);

    public Task<AddressVerdict> CheckAddressAsync(JobHandle job, string host, IReadOnlyList<int> ports, CancellationToken cancellationToken) => Task.FromResult(AddressVerdict.NotYet);

    public Task<JobLog?> ReadLogAsync(JobHandle job, JobOutput stream, long offset, int max, CancellationToken cancellationToken) => Task.FromResult<JobLog?>(null);

    public Task CleanAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken) => Task.CompletedTask;

    public async IAsyncEnumerable<IReadOnlyList<JobReport>> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        yield break;
    }
}
