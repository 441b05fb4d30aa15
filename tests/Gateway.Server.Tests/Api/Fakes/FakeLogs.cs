using Gateway.Core.Backends;
using Gateway.Core.Clusters;

namespace Gateway.Server.Tests.Api.Fakes;

/// <summary>Output of jobs in memory.</summary>
internal sealed class FakeLogs : IJobLogs
{
    public Dictionary<(string Job, JobOutput Stream), byte[]> Outputs { get; } = [];

    public bool IsSilent { get; set; }

    public Task<JobLog?> ReadAsync(Job job, JobOutput stream, long offset, int max, CancellationToken cancellationToken)
    {
        if (IsSilent)
        {
            throw new BackendUnavailableException("The schedd does not answer.");
        }

        if (!Outputs.TryGetValue((job.Name, stream), out var bytes))
        {
            return Task.FromResult<JobLog?>(null);
        }

        var start = (int)Math.Clamp(offset < 0 ? bytes.Length + offset : offset, 0, bytes.Length);
        var end = Math.Min(start + max, bytes.Length);
        return Task.FromResult<JobLog?>(new(bytes.AsMemory(start..end), end, bytes.Length));
    }
}
