using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Gateway.Core.Backends;

namespace Gateway.Faults.Backend;

/// <summary>
/// Jobs as cheap processes, shared by all replicas of this machine. As weak as a batch system may be: it asks for an earlier try only from the
/// second on, and what was handed over cannot be called back.
/// </summary>
internal sealed class FolderBackend(JobQueue queue) : IJobBackend
{
    public string? Node => null;

    public TimeSpan ListPeriod => TimeSpan.FromSeconds(1);

    public async Task<IReadOnlyList<StartOutcome>> StartAsync(IReadOnlyList<JobStart> jobs, CancellationToken cancellationToken)
    {
        var outcomes = new List<StartOutcome>(jobs.Count);
        foreach (var job in jobs)
        {
            var earlier = job.Attempt > 1 ? queue.Find(new(job.Name, null)) : [];
            outcomes.Add(earlier.Count > 0
                ? new StartOutcome.Started(earlier[0].Handle, earlier[0].Report().State)
                : new StartOutcome.Started(await queue.SubmitAsync(job), JobState.Running));
        }

        await queue.AnswerAsync(cancellationToken);
        return outcomes;
    }

    public async Task<IReadOnlyList<StopOutcome>> StopAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken)
    {
        foreach (var job in jobs.SelectMany(queue.Find))
        {
            await queue.StopAsync(job, cancellationToken);
        }

        await queue.AnswerAsync(cancellationToken);
        return [.. jobs.Select(_ => StopOutcome.Gone)];
    }

    public async Task<JobListing> ListAsync(CancellationToken cancellationToken)
    {
        await queue.AnswerAsync(cancellationToken);
        return new([.. queue.All.Select(j => j.Report())], new HashSet<string>());
    }

    public Task<IReadOnlyList<JobReport>> DescribeAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<JobReport>>([]);

    public async Task<AddressVerdict> CheckAddressAsync(JobHandle job, string host, IReadOnlyList<int> ports, CancellationToken cancellationToken)
    {
        try
        {
            foreach (int port in ports)
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            }

            return AddressVerdict.Yes;
        }
        catch (SocketException)
        {
            return AddressVerdict.NotYet;
        }
    }

    public Task<JobLog?> ReadLogAsync(JobHandle job, JobOutput stream, long offset, int max, CancellationToken cancellationToken) =>
        Task.FromResult<JobLog?>(null);

    public Task CleanAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken)
    {
        foreach (var job in jobs)
        {
            queue.Clean(job);
        }

        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<IReadOnlyList<JobReport>> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // It never tells before a listing would.
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        yield break;
    }
}
