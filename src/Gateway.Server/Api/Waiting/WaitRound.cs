using Gateway.Core.Store;

namespace Gateway.Server.Api.Waiting;

/// <summary>What all who wait for one cluster share between one change of it and the next: the signal of the next, and one reading after the last.</summary>
internal sealed class WaitRound(Func<Task<ClusterView?>> read)
{
    private readonly TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lazy<Task<ClusterView?>> _reading = new(read);

    /// <summary>Ends when the cluster has changed again.</summary>
    public Task Changed => _changed.Task;

    /// <summary>The cluster, read once after this round began, however many ask.</summary>
    public Task<ClusterView?> ReadAsync() => _reading.Value;

    public void Tell() => _changed.TrySetResult();
}
