using Microsoft.Extensions.Hosting;

namespace Gateway.Core.Tests.Reconciliation.Simulation;

/// <summary>A host that only notes whether it was asked to stop.</summary>
internal sealed class UnusedHost : IHostApplicationLifetime
{
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Stopped => _stopped.Task;

    public CancellationToken ApplicationStarted => CancellationToken.None;

    public CancellationToken ApplicationStopping => CancellationToken.None;

    public CancellationToken ApplicationStopped => CancellationToken.None;

    public void StopApplication() => _stopped.TrySetResult();
}
